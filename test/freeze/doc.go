// Package freeze tries the promise of a freeze on real servers under load: once the
// command has returned, not one loan is given. Its tests need Linux.
package freeze
