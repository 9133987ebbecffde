package distrorepo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// RPMRoot makes a root file system in which dnf is the package manager, out of a tarball of Debian with Python:
// Debian's own dnf, rpm and createrepo_c, under the name of Rocky Linux 9 and with its repositories, whose
// packages the key signs. It stands in for the real one where no registry can be reached.
//
// apt installs them as it does on this machine, and goes, with all that it wrote down. What does not depend on the key
// is kept in the user's cache, beside other bases, for the next time. Needs root.
func RPMRoot(tarball, dir string, key *RPMKey) error {
	kept, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("making a base with dnf: %w", err)
	}
	kept = filepath.Join(kept, "pbrx-go/bases", strings.TrimSuffix(filepath.Base(tarball), ".tar")+"-dnf.tar")
	if !newer(kept, tarball) {
		if err := keepDNF(tarball, kept); err != nil {
			return fmt.Errorf("making a base with dnf: %w", err)
		}
	}
	if err := unpack(kept, dir); err != nil {
		return err
	}
	if err := dressUp(dir, key); err != nil {
		return fmt.Errorf("making Rocky Linux of Debian: %w", err)
	}
	return nil
}

// newer says whether a file is there and was made after another.
func newer(name, other string) bool {
	info, err := os.Stat(name)
	than, otherErr := os.Stat(other)
	return err == nil && otherErr == nil && info.ModTime().After(than.ModTime())
}

// keepDNF makes the tarball of a Debian with dnf in place of apt.
func keepDNF(tarball, kept string) error {
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(kept), "dnf-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	root, part := filepath.Join(scratch, "root"), filepath.Join(scratch, "root.tar")
	if err := unpack(tarball, root); err != nil {
		return err
	}
	if err := installDNF(root); err != nil {
		return err
	}
	if err := undress(root); err != nil {
		return err
	}
	if out, err := exec.Command("tar", "-C", root, "--numeric-owner", "-cf", part, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("packing %s: %w: %s", kept, err, out)
	}
	return os.Rename(part, kept)
}

func unpack(tarball, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if out, err := exec.Command("tar", "-C", dir, "--numeric-owner", "-xf", tarball).CombinedOutput(); err != nil {
		return fmt.Errorf("unpacking %s: %w: %s", tarball, err, out)
	}
	return nil
}

// installDNF runs the apt of the root file system with the network, the proxy and the certificates of this machine.
func installDNF(dir string) error {
	access, err := exec.Command("apt-config", "dump").Output()
	if err != nil {
		return fmt.Errorf("reading the configuration of apt: %w", err)
	}
	conf := "APT::Sandbox::User \"root\";\n"
	for line := range strings.Lines(string(access)) {
		if strings.HasPrefix(line, "Acquire::http") || strings.HasPrefix(line, "Acquire::Check-") {
			conf += line
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "access.conf"), []byte(conf), 0o600); err != nil {
		return err
	}
	for _, name := range []string{"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt", "/etc/apt/auth.conf"} {
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	apt := []string{"env", "APT_CONFIG=/access.conf", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"}
	if err := inRoot(dir, append(apt, "update")...); err != nil {
		return err
	}
	return inRoot(dir, append(apt, "install", "-y", "--no-install-recommends", "dnf", "rpm", "createrepo-c")...)
}

// rockyRepo is what Rocky Linux 9 has in /etc/yum.repos.d/rocky.repo, without the repositories that are off.
const rockyRepo = `[baseos]
name=Rocky Linux $releasever - BaseOS
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever$rltype
#baseurl=http://dl.rockylinux.org/$contentdir/$releasever/BaseOS/$basearch/os/
gpgcheck=1
enabled=1
countme=1
metadata_expire=6h
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9

[appstream]
name=Rocky Linux $releasever - AppStream
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=AppStream-$releasever$rltype
#baseurl=http://dl.rockylinux.org/$contentdir/$releasever/AppStream/$basearch/os/
gpgcheck=1
enabled=1
countme=1
metadata_expire=6h
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9
`

// dressUp gives the root file system the files of Rocky Linux, and the packages without which dnf does not know
// which release it is on, and rpm that there is a C library.
func dressUp(dir string, key *RPMKey) error {
	public, err := key.Public()
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, "etc/os-release")); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"etc/os-release":                      "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\nPRETTY_NAME=\"Rocky Linux 9.4 (Blue Onyx)\"\n",
		"etc/yum.repos.d/rocky.repo":          rockyRepo,
		"etc/dnf/dnf.conf":                    "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\ntsflags=nodocs\n",
		"etc/dnf/vars/contentdir":             "pub/rocky\n",
		"etc/dnf/vars/rltype":                 "\n",
		"etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9": string(public),
		"etc/rpm/macros":                      "%_dbpath /var/lib/rpm\n", // Debian's is root's own
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	release := Package{Name: "rocky-release", Version: "9.4", Provides: []string{"system-release=9.4", "system-release(releasever)=9"}}
	libc := Package{Name: "glibc", Version: "2.34", Provides: []string{"libc.so.6()(64bit)"}}
	for _, p := range []Package{release, libc} {
		if err := p.writeRPM(dir, filepath.Join(dir, p.Name+".rpm"), key); err != nil {
			return err
		}
		if err := inRoot(dir, "rpm", "--force-debian", "--nosignature", "-i", "/"+p.Name+".rpm"); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(dir, p.Name+".rpm")); err != nil {
			return err
		}
	}
	return nil
}

// undress takes away what only a Debian has, so that dnf is what is found there, and what is this machine's.
func undress(dir string) error {
	for _, pattern := range []string{
		"usr/bin/apt*", "usr/bin/dpkg*", "var/lib/apt", "var/lib/dpkg", "var/cache/apt", "var/cache/debconf", "etc/apt", "etc/debian_version",
		"access.conf", "etc/resolv.conf", "etc/hosts", "var/log/*", "var/cache/ldconfig/aux-cache",
		"usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man", "usr/share/perl", // for the sake of time only
	} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// inRoot runs a program of a root file system in it.
func inRoot(root string, argv ...string) error {
	var out bytes.Buffer
	cmd := exec.Command("chroot", append([]string{root}, argv...)...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", argv[0], err, out.String())
	}
	return nil
}
