// Package variant is the URL language: options and their canonical spelling, presets, keys
// of originals, names of files in the cache, signatures, and links. It is shared by the
// server and by programs that must agree with it, such as templates, so it needs only the
// standard library, and uses neither network nor disk.
//
// A path is
//
//	/[s.<kid>.<sig>[.<exp>][~<scope>]/]<ops>/<key…>
//
// where ops is one segment of options separated by commas, each a name, or a
// name and values joined by underscores, of the characters [a-z0-9._-]. The
// table in options.go is the list of them. Their order is free.
package variant
