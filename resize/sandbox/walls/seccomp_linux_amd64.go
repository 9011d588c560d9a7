package walls

// computeHere are the older names of calls that arm64 never had.
var computeHere = []string{"access", "epoll_wait", "getdents", "lstat", "newfstatat", "readlink", "stat", "time"}

// openHere is the older name of openat.
var openHere = without("open", 1, changes)
