// Package backup writes an installation's data into one file and puts it back.
//
// The file is the same for both databases, so that what was backed up from SQLite
// may be restored into PostgreSQL. It holds the rows as they are stored: every
// secret is sealed, and the keyring that opens them is not in it. A backup is
// consistent while servers write, and none waits for it.
//
// What must not come back to life is never written: sessions, tickets, links that
// set passwords, consents under way. What providers may have replaced since is
// marked when it is restored; see [File.Restore].
package backup
