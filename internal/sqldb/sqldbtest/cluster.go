//go:build unix

package sqldbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// keeper runs the server and ends with the test process, however that ends:
// its standard input is a pipe from us, and read returns when the kernel closes
// it, after a panic or kill -9 too. The folder is removed last.
const keeper = `
dir=$1; shift
"$@" </dev/null & pid=$!
read _
kill -INT $pid; wait $pid
cd / && rm -rf "$dir"`

// held keeps the pipes' writing ends from being collected and thus closed.
var held []*os.File

// start makes a private cluster that listens on a socket in its own folder,
// so that no port can collide, and waits until it answers.
func start(fsync bool) (addr string, err error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "rapport-pg")
	if err != nil {
		return "", err
	}
	as, err := unprivileged(dir)
	if err == nil {
		err = initdb(bin, dir, as)
	}
	if err == nil {
		err = launch(bin, dir, fsync, as)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode()}
	return u.String(), await(u.String(), dir)
}

// unprivileged returns the identity to run as: PostgreSQL refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() != 0 {
		return attr, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(who.Uid)
	gid, _ := strconv.Atoi(who.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}

func initdb(bin, dir string, as *syscall.SysProcAttr) error {
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = dir, as
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// launch starts the keeper with the server below it. Its output goes to a
// file: a test binary that exits must not leave a pipe open behind it.
func launch(bin, dir string, fsync bool, as *syscall.SysProcAttr) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	defer r.Close()
	durable := "off"
	if fsync {
		durable = "on"
	}
	cmd := exec.Command("/bin/sh", "-c", keeper, "keeper", dir,
		filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-k", dir, "-c", "listen_addresses=",
		"-c", "fsync="+durable, "-c", "synchronous_commit="+durable, "-c", "full_page_writes="+durable,
		"-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=1GB", "-c", "autovacuum_naptime=5min")
	cmd.Dir, cmd.SysProcAttr = dir, as
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r, log, log
	held = append(held, w)
	return cmd.Start()
}

// await tries until the server accepts a connection. Starting takes a fraction
// of a second; the limit is for a machine that is busy with something else.
func await(addr, dir string) error {
	db, err := sql.Open("pgx", addr)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			return fmt.Errorf("PostgreSQL does not start: %w\n%s", err, log)
		case <-tick.C:
		}
	}
}
