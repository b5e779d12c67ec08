import ShmCore

extension LimitsReport {
  func text(_ style: TextStyle) -> String {
    var table = Table.properties
    table.rows = process(style) + machine(style) + kernel(style)
    return table.text(headings: false, limit: style.limit) + "\n" + verdict(style)
  }

  private func process(_ style: TextStyle) -> [[String]] {
    let namespace =
      initialUserNamespace.value == false ? ", but without effect in a user namespace" : ""
    var rows = [
      [
        "memlock limit (RLIMIT_MEMLOCK)",
        memlockSoft.text(style) + " soft, " + memlockHard.text(style) + " hard",
      ],
      ["wired by process \(pid) (VmLck)", Format.size(wired, style)],
      ["pinned by process \(pid) (VmPin)", Format.size(pinned, style)],
      ["CAP_IPC_LOCK", (capIpcLock ? "effective" : "not effective") + namespace],
      ["memlock limit remaining", memlockRemaining.text(style)],
    ]
    if let probed = probed.value { rows.append(["memlock limit measured", probed.text(style)]) }
    for group in cgroups where !group.limit.unlimited {
      rows.append([
        "cgroup v\(group.version) \(group.path.printable)",
        "\(group.limit.text(style)), \(Format.size(group.usage, style)) used",
      ])
    }
    let shown = evidence.map { "\($0.mark) (\($0.environment))" }.joined(separator: ", ")
    rows.append([
      "environment",
      environment + (contradictory ? " (the evidence is contradictory)" : ""),
    ])
    rows.append(["  evidence", shown.isEmpty ? "none found" : shown])
    rows.append([
      "mappings (vm.max_map_count)",
      "\(mappings.text { "\($0)" }) of \(maximumMappings.text { "\($0)" })",
    ])
    return rows
  }

  private func machine(_ style: TextStyle) -> [[String]] {
    func size(_ bytes: Int) -> String { Format.size(bytes, style) }
    var rows = [
      ["memory available", "\(memoryAvailable.text(size)) of \(memoryTotal.text(size))"],
      [
        "swap",
        swapTotal.value == 0
          ? "none: shared memory is never swapped out"
          : "\(swapFree.text(size)) free of \(swapTotal.text(size))",
      ],
      [
        "wired on this host (Mlocked)",
        "\(host.wired.text(size)); \(size(host.wiredByProcesses)) by visible processes",
      ],
    ]
    for holder in host.holders.prefix(3) {
      rows.append(["  \(holder.pid) \(holder.command)", size(holder.wired)])
    }
    rows.append(["unevictable", host.unevictable.text(size)])
    if let shm = shm.value {
      rows.append([
        "/dev/shm",
        "\(shm.free.text(size)) free of \(shm.limit.text(style))"
          + ", huge=\(shm.hugePages)\(shm.noSwap ? ", noswap" : "")",
      ])
      rows.append([
        "  inodes",
        "\(shm.freeInodes.text { "\($0)" }) free of "
          + shm.inodeLimit.text,
      ])
    }
    for pool in hugePagePools {
      rows.append([
        "huge pages of \(size(pool.pageSize))",
        "\(pool.availablePages) available of \(pool.totalPages) (\(pool.reservedPages) reserved)",
      ])
    }
    return rows
  }

  private func kernel(_ style: TextStyle) -> [[String]] {
    [
      ["huge pages for shared memory", shmemHugePages.text { $0 }],
      [
        "System V (shmmax, shmall, shmmni)",
        [
          shmmax.text { $0.text(TextStyle(bytes: true)) }, shmall.text { $0.text },
          shmmni.text { "\($0)" },
        ].joined(separator: ", "),
      ],
      ["overcommit (vm.overcommit_memory)", overcommit.text { "\($0)" }],
      [
        "compaction moves wired pages",
        compactUnevictableAllowed.text {
          $0 == 0
            ? "no (vm.compact_unevictable_allowed=0)" : "yes (vm.compact_unevictable_allowed=\($0))"
        },
      ],
    ]
  }

  /// What cannot be wired or created, or is unknown, in one sentence for each request.
  var refusal: String {
    var parts: [String] = []
    if let answer = answer.value, answer.possible.value != true {
      let need = ByteCount(answer.need).exact
      parts.append(
        answer.possible.value == nil
          ? "cannot determine whether \(need) more can be wired: \(unknown.joined(separator: "; "))"
          : "cannot wire \(need) more: limited by \(answer.refusedBy.text { $0 })")
    }
    if let room = room.value, let answer = room.answer.value, answer.possible.value != true {
      let need = ByteCount(answer.need).exact
      parts.append(
        answer.possible.value == nil
          ? "cannot determine whether \(need) can be created: \(room.unknown.joined(separator: "; "))"
          : "cannot create a region of \(need) in \(room.path.quoted): \(answer.reason.text { $0 })"
      )
    }
    return parts.joined(separator: "; ")
  }

  /// The exact request, and the whole pages that it needs.
  private func need(_ bytes: Int, _ style: TextStyle) -> String {
    guard let whole = PageMath.roundUp(bytes), whole != bytes else {
      return style.bytes ? "\(bytes)" : ByteCount(bytes).exact
    }
    return style.bytes
      ? "\(bytes) (\(whole) in whole pages)"
      : "\(ByteCount(bytes).exact) (\(ByteCount(whole).exact) in whole pages)"
  }

  private func verdict(_ style: TextStyle) -> String {
    func size(_ bytes: Int) -> String { Format.size(bytes, style) }
    // A limit that could not be read need not matter for the request.
    let reasons = unknown.isEmpty ? "a limit could not be read" : unknown.joined(separator: "; ")
    var text = room.value?.text(style) ?? ""
    text +=
      available.value == nil
      ? "can be wired now: unknown (\(reasons))\n"
      : "can be wired now: \(available.text(size)), limited by \(binding.text { $0 })\n"
    if let note = bindingNote.value {
      let advice = answer.value == nil ? hint.value.map { "; \($0)" } ?? "" : ""
      text += "\(note)\(advice)\n"
    }
    guard let answer = answer.value else { return text }
    let need = need(answer.need, style)
    switch answer.possible.value {
    case true?: text += "\(need) more can be wired\n"
    case nil: text += "whether \(need) more can be wired is unknown: \(reasons)\n"
    case false?:
      text += """
        \(need) more cannot be wired: limited by \(answer.refusedBy.text { $0 }); \
        \(hint.text { $0 })

        """
    }
    return text
  }
}
