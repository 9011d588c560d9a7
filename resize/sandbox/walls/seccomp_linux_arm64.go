package walls

import seccomp "github.com/elastic/go-seccomp-bpf"

// computeHere are the names that only arm64 has; newfstatat is this one there.
var computeHere = []string{"fstatat"}

// openHere is empty: there is only openat.
var openHere []seccomp.NameWithConditions
