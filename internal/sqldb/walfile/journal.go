package walfile

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// most is how many bytes SQLite's usual file system writes at once: thirty pages.
const most = 1<<17 - 1

// journal is an open journal. Each belongs to one connection, which uses it from one place
// at a time.
type journal struct {
	file uintptr
	of   *sqlite3.Tsqlite3_io_methods
	// room is where what is written is gathered, 0 before anything is: n bytes that belong
	// at from.
	room uintptr
	n    int
	from int64
}

// journals are those that are open, by the file as SQLite knows it.
var journals struct {
	mu  sync.RWMutex
	all map[uintptr]*journal
}

func journalOf(file uintptr) *journal {
	journals.mu.RLock()
	defer journals.mu.RUnlock()
	return journals.all[file]
}

// open opens a file as usual and gathers what is written if it is a journal.
func open(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	do := function[opens](lies[sqlite3.Tsqlite3_vfs](usual.vfs).FxOpen)
	rc := do(tls, usual.vfs, name, file, flags, outFlags)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	f := lies[sqlite3.Tsqlite3_file](file)
	own := gathering(tls, f.FpMethods)
	if own == 0 {
		return rc // as usual then
	}
	j := &journal{file: file, of: lies[sqlite3.Tsqlite3_io_methods](f.FpMethods)}
	f.FpMethods = own
	journals.mu.Lock()
	defer journals.mu.Unlock()
	if journals.all == nil {
		journals.all = map[uintptr]*journal{}
	}
	journals.all[file] = j
	return rc
}

// write gathers what follows what is gathered.
func write(tls *libc.TLS, file, buf uintptr, n int32, offset int64) int32 {
	j := journalOf(file)
	if j.room == 0 {
		j.room = libc.Xmalloc(tls, most)
	}
	if j.n > 0 && (offset != j.from+int64(j.n) || j.n+int(n) > most) {
		if rc := j.settle(tls); rc != sqlite3.SQLITE_OK {
			j.n = 0
			return rc
		}
	}
	if j.room == 0 || int(n) > most {
		return function[moves](j.of.FxWrite)(tls, file, buf, n, offset)
	}
	if j.n == 0 {
		j.from = offset
	}
	copy(unsafe.Slice(lies[byte](j.room+uintptr(j.n)), n), unsafe.Slice(lies[byte](buf), n))
	j.n += int(n)
	return sqlite3.SQLITE_OK
}

// settle writes what is gathered. Where a write or a flush finds that it cannot be, SQLite
// takes the transaction back, and what is gathered of it is dropped; who only reads may go
// on with the transaction, of which nothing must be missing then.
func (j *journal) settle(tls *libc.TLS) int32 {
	if j.n == 0 {
		return sqlite3.SQLITE_OK
	}
	rc := function[moves](j.of.FxWrite)(tls, j.file, j.room, int32(j.n), j.from)
	if rc == sqlite3.SQLITE_OK {
		j.n = 0
	}
	return rc
}

// settled does what must see all that was written.
func settled(tls *libc.TLS, file uintptr, do func(of *sqlite3.Tsqlite3_io_methods) int32) int32 {
	j := journalOf(file)
	if rc := j.settle(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return do(j.of)
}

func read(tls *libc.TLS, file, buf uintptr, n int32, offset int64) int32 {
	return settled(tls, file, func(of *sqlite3.Tsqlite3_io_methods) int32 {
		return function[moves](of.FxRead)(tls, file, buf, n, offset)
	})
}

func flush(tls *libc.TLS, file uintptr, flags int32) int32 {
	j := journalOf(file)
	if rc := j.settle(tls); rc != sqlite3.SQLITE_OK {
		j.n = 0
		return rc
	}
	return function[syncs](j.of.FxSync)(tls, file, flags)
}

func truncate(tls *libc.TLS, file uintptr, size int64) int32 {
	return settled(tls, file, func(of *sqlite3.Tsqlite3_io_methods) int32 { return function[resizes](of.FxTruncate)(tls, file, size) })
}

func fileSize(tls *libc.TLS, file, out uintptr) int32 {
	return settled(tls, file, func(of *sqlite3.Tsqlite3_io_methods) int32 { return function[sizes](of.FxFileSize)(tls, file, out) })
}

// end closes a journal, whatever becomes of what is gathered.
func end(tls *libc.TLS, file uintptr) int32 {
	j := journalOf(file)
	rc := j.settle(tls)
	journals.mu.Lock()
	delete(journals.all, file)
	journals.mu.Unlock()
	if j.room != 0 {
		libc.Xfree(tls, j.room)
	}
	if closed := function[closes](j.of.FxClose)(tls, file); rc == sqlite3.SQLITE_OK {
		rc = closed
	}
	return rc
}
