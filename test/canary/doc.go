// Package canary plants secrets in real servers, has them do a bit of everything, and
// then looks for the secrets wherever something is kept or shown: the data directory,
// the database and its log, logs, outputs of commands, exports, backups, support
// bundles, metrics, temporary files, and what the system shows of a process. A secret
// is looked for in every spelling that something may have given it, and within what
// was compressed. Where it may be is a short list.
//
// The hunter is tried as well: what is planted in clear must be found.
package canary
