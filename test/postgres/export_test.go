package postgres

// For the tests of this package.
const FolderPrefix = folderPrefix

var (
	LockFolder      = lockFolder
	RemoveLeftovers = removeLeftovers
	Version         = version
)

func Address(s *Server) string { return s.base.String() }
