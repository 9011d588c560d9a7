#compdef thumbery
# Completion of thumbery for zsh, printed by: thumbery completion zsh
_thumbery() {
	local -a answer candidates
	local word
	answer=("${(@f)$("${(Q)words[1]}" complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
	for word in "${(@)answer[2,-1]}"; do
		candidates+=("${${word%%$'\t'*}//:/\\:}:${word#*$'\t'}")
	done
	(( $#candidates )) && _describe thumbery candidates
	case $answer[1] in
	files)
		compset -P '--*='
		_files
		;;
	dirs)
		compset -P '--*='
		_files -/
		;;
	esac
}
if [ "$funcstack[1]" = _thumbery ]; then
	_thumbery "$@"
else
	compdef _thumbery thumbery
fi
