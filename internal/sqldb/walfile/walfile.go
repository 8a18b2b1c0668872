// Package walfile writes SQLite's journal in few large pieces. SQLite writes each page of a
// commit with two calls of the system, one for a header and one for the page, all beside
// each other; here they are gathered and written at once when SQLite asks for the file to
// be flushed, before which nobody is told of the commit.
//
// It is a file system that hands everything on to SQLite's usual one but for what is done
// to a journal (-wal). Connections that use it must have synchronous=FULL: only then is
// every commit flushed before other connections may read it from the file.
package walfile

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Name is what a DSN asks for as vfs.
const Name = "gathering"

// Functions as SQLite calls them.
type (
	opens   func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	moves   func(tls *libc.TLS, file, buf uintptr, n int32, offset int64) int32
	closes  func(tls *libc.TLS, file uintptr) int32
	resizes func(tls *libc.TLS, file uintptr, size int64) int32
	syncs   func(tls *libc.TLS, file uintptr, flags int32) int32
	sizes   func(tls *libc.TLS, file, out uintptr) int32
)

// usual is the file system that everything is handed on to. What is made for it lives as
// long as the process, in SQLite's memory.
var usual struct {
	once sync.Once
	err  error
	vfs  uintptr

	mu sync.Mutex
	// methods are those of journals, by the usual ones that they stand for.
	methods map[uintptr]uintptr
}

// Register makes the file system known to SQLite, once.
func Register() error {
	usual.once.Do(func() { usual.err = register() })
	return usual.err
}

func register() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if usual.vfs = sqlite3.Xsqlite3_vfs_find(tls, 0); usual.vfs == 0 {
		return errors.New("sqlite has no file system")
	}
	usual.methods = map[uintptr]uintptr{}
	name, err := libc.CString(Name)
	if err != nil {
		return err
	}
	own := like[sqlite3.Tsqlite3_vfs](tls, usual.vfs)
	if own == 0 {
		return errors.New("no memory for a file system")
	}
	vfs := lies[sqlite3.Tsqlite3_vfs](own)
	vfs.FpNext, vfs.FzName, vfs.FxOpen = 0, name, pointer(opens(open))
	if rc := sqlite3.Xsqlite3_vfs_register(tls, own, 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register a file system: code %d", rc)
	}
	return nil
}

// gathering are the methods of a journal whose usual ones are given; 0: there is no memory.
func gathering(tls *libc.TLS, of uintptr) uintptr {
	usual.mu.Lock()
	defer usual.mu.Unlock()
	if own := usual.methods[of]; own != 0 {
		return own
	}
	own := like[sqlite3.Tsqlite3_io_methods](tls, of)
	if own == 0 {
		return 0
	}
	m := lies[sqlite3.Tsqlite3_io_methods](own)
	m.FxWrite, m.FxRead, m.FxSync = pointer(moves(write)), pointer(moves(read)), pointer(syncs(flush))
	m.FxTruncate, m.FxFileSize, m.FxClose = pointer(resizes(truncate)), pointer(sizes(fileSize)), pointer(closes(end))
	usual.methods[of] = own
	return own
}

// like is a copy of what lies at an address, in SQLite's memory; 0: there is none.
func like[T any](tls *libc.TLS, of uintptr) uintptr {
	copied := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*lies[T](of))))
	if copied != 0 {
		*lies[T](copied) = *lies[T](of)
	}
	return copied
}

// lies is what lies at an address of SQLite's memory.
func lies[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// pointer is a function as SQLite calls it, function what SQLite calls so. Functions that
// have a name lie where they are for good.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func function[F any](pointer uintptr) F { return *(*F)(unsafe.Pointer(&pointer)) }
