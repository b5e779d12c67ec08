import ArgumentParser

/// The scripts that `--generate-completion-script` prints, in place of the parser's own: those pass words
/// to `compgen -W`, which expands them as the shell expands a command line.
enum CompletionScript {
  private static let option = "--generate-completion-script"

  /// The script that arguments ask for; nil if they ask for none.
  static func requested(by arguments: [String]) throws -> String? {
    let words = arguments.prefix { $0 != "--" }
    for (index, word) in words.enumerated() {
      if word == option {
        let next = words.dropFirst(index + 1).first
        return text(try shell(next ?? detected))
      }
      if word.utf8.starts(with: (option + "=").utf8) {
        return text(try shell(String(word.dropFirst(option.count + 1))))
      }
    }
    return nil
  }

  private static var detected: String {
    (ProcessEnvironment["SHELL"] ?? "").split(separator: "/").last.map { String($0) } ?? ""
  }

  private static func shell(_ name: String) throws -> CompletionShell {
    guard let shell = CompletionShell(rawValue: name) else {
      let known = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option) requires a shell: \(known)")
    }
    return shell
  }

  private static func text(_ shell: CompletionShell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  private static let bash = #"""
    # Completion of shmtool for bash. The program itself finds the words and quotes them; nothing that it
    # prints is evaluated, split or globbed here.

    _shmtool() {
        local answer line first=1
        COMPREPLY=()
        answer=$(command shmtool ---complete bash "${COMP_LINE:0:COMP_POINT}" \
            "$COMP_WORDBREAKS" "${2-}" 2>/dev/null </dev/null) || return 0
        while IFS= read -r line; do
            if ((first)); then
                first=0
                case $line in
                    files) compopt -o default 2>/dev/null ;;
                    nospace) compopt -o nospace 2>/dev/null ;;
                esac
            elif [[ -n $line ]]; then
                COMPREPLY+=("$line")
            fi
        done <<<"$answer"
    }

    complete -F _shmtool shmtool
    """# + "\n"

  private static let zsh = #"""
    #compdef shmtool
    # Completion of shmtool for zsh. The program itself finds the words; zsh quotes them, and evaluates,
    # splits or globs none.

    _shmtool() {
        local -a answer whole wholeShown partial partialShown
        local record shown
        local -i index
        answer=("${(@0)$(command shmtool ---complete zsh \
            "${(j: :)words[1,CURRENT-1]} ${QIPREFIX}${IPREFIX}${PREFIX}" 2>/dev/null </dev/null)}")
        if [[ ${answer[1]-} == files ]]; then
            compset -P 1 '--*='
            _files
            return
        fi
        for ((index = 2; index < ${#answer}; index += 2)); do
            record=${answer[index]} shown=${answer[index+1]}
            if [[ ${record[1]} == + ]]; then
                partial+=("${record[2,-1]}") partialShown+=("$shown")
            else
                whole+=("${record[2,-1]}") wholeShown+=("$shown")
            fi
        done
        local -i failed=1
        (( ${#whole} )) && compadd -l -d wholeShown -- "${(@)whole}" && failed=0
        (( ${#partial} )) && compadd -l -S '' -d partialShown -- "${(@)partial}" && failed=0
        return failed
    }

    if [[ ${funcstack[1]} == _shmtool ]]; then
        _shmtool "$@"
    else
        compdef _shmtool shmtool
    fi
    """# + "\n"

  private static let fish = #"""
    # Completion of shmtool for fish. The program itself finds the words; fish quotes them, and evaluates,
    # splits or globs none.

    function __shmtool_complete
        set -l line (commandline -cp | string collect)
        set -l answer (command shmtool ---complete fish "$line" 2>/dev/null </dev/null | string split0)
        if test "$answer[1]" = files
            __fish_complete_path (commandline -ct | string collect) | string join0
        else if set -q answer[2]
            string join0 -- $answer[2..-1]
        end
    end

    complete -c shmtool -e
    complete -c shmtool -f -a '(__shmtool_complete | string split0)'
    """# + "\n"
}
