# Completion of thumbery for bash, printed by: thumbery completion bash
_thumbery() {
	# Bash ends words at = and :, thumbery does not.
	local words answer word line=${COMP_LINE:0:COMP_POINT}
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	local last=${words[${#words[@]} - 1]}
	local before=${last%"$2"} # what bash keeps of it
	mapfile -t answer < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
	COMPREPLY=()
	for word in "${answer[@]:1}"; do
		word=${word%%$'\t'*}
		COMPREPLY+=("${word#"$before"}")
	done
	case ${answer[0]} in
	files)
		compopt -o filenames
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2")
		;;
	dirs)
		compopt -o filenames
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$2")
		;;
	esac
}
complete -F _thumbery thumbery
