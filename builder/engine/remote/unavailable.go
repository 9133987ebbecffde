package remote

// Unavailable says that no engine could be opened at an address: nobody there, no answer, a TLS
// mistake, a server that is no buildkitd, one without a worker. Retrying after the remedy may help.
type Unavailable struct {
	// Address is what was dialled.
	Address string
	// Err is what is wrong.
	Err error
	// Hint is what to do about it.
	Hint string
}

// Error is one line: the problem and what to do.
func (e *Unavailable) Error() string { return e.Problem() + ": " + e.Hint }

// Problem is what was being done, with which address, and what is wrong.
func (e *Unavailable) Problem() string {
	return "connecting to buildkitd at " + e.Address + ": " + oneLine(e.Err.Error())
}

// Unwrap gives the cause.
func (e *Unavailable) Unwrap() error { return e.Err }
