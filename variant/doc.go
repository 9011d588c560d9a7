// Package variant names things: the options of a URL and their one canonical
// spelling, the keys of originals, the names of files in the cache, and the
// signatures that permit a URL. It is used by the server and by everything
// that must agree with it, templates first, and so needs nothing but the
// standard library. It never reads a picture and never touches a network or a
// disk.
//
// A path is
//
//	/[s.<kid>.<sig>[.<exp>]/]<ops>/<key…>
//
// where ops is one segment of options separated by commas, each a name, or a
// name and values joined by underscores, of the characters [a-z0-9._-]. The
// table in options.go is the list of them. Their order is free.
package variant
