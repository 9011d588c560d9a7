package walls

// computeHere are the names that only arm64 has; newfstatat is this one there.
var computeHere = []string{"fstatat"}
