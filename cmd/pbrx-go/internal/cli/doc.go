// Package cli is the command line: flags and environment in, results and messages out.
//
// House rules of the terminal: stdout carries results and nothing else, stderr the
// story (progress, warnings, the summary). An error is one line that says what was being done,
// what is wrong and what to do; a failed step adds the last lines it printed. Files are
// named as file:line:col. Every flag can be set by PBRX_GO_<FLAG>; the flag wins.
//
// Exit codes:
//
//	0    done
//	1    the build failed: a package, a wheel, a check (the project's to mend)
//	2    wrong usage or bad input file
//	3    the surroundings failed: engine, base, registry, network, disk, permission
//	125  run: a failure of ours; otherwise the script's own status
//	130  interrupted (SIGINT); 143 terminated (SIGTERM)
package cli
