// Package variant is the URL language: options and their canonical spelling, presets, keys
// of originals, names of files in the cache, signatures, and links. It is shared by the
// server and by programs that must agree with it, such as templates, so it needs only the
// standard library, and uses neither network nor disk.
//
// A path is
//
//	/[s.<kid>.<sig>[.<exp>][~<scope>]/]<ops>/<key…>
//
// where ops is one segment: options separated by commas, in any order. An option is a name,
// or a name and its values joined by underscores, all of [a-z0-9._-]. The table in options.go
// lists them.
package variant
