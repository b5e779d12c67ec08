import ShmCore

extension LimitsReport {
  func text(_ style: TextStyle) -> String {
    var table = Table(columns: [Table.Column(heading: "LIMIT"), Table.Column(heading: "VALUE")])
    table.rows = process(style) + machine(style) + kernel(style)
    return table.text(headings: false) + "\n" + verdict(style)
  }

  private func process(_ style: TextStyle) -> [[String]] {
    let namespace =
      initialUserNamespace.value == false ? ", but without effect in a user namespace" : ""
    var rows = [
      [
        "memlock limit (RLIMIT_MEMLOCK)",
        memlockSoft.text(style) + " soft, " + memlockHard.text(style) + " hard",
      ],
      ["wired by process \(pid) (VmLck)", Format.size(wiredBytes, style)],
      ["pinned by process \(pid) (VmPin)", Format.size(pinnedBytes, style)],
      ["CAP_IPC_LOCK", (capIpcLock ? "effective" : "not effective") + namespace],
      ["memlock limit remaining", memlockRemaining.text(style)],
    ]
    if let probed = probed.value { rows.append(["memlock limit measured", probed.text(style)]) }
    for group in cgroups where !group.limit.unlimited {
      rows.append([
        "cgroup v\(group.version) \(group.path.printable)",
        "\(group.limit.text(style)), \(Format.size(group.usedBytes, style)) used",
      ])
    }
    let shown = evidence.map { "\($0.mark) (\($0.place))" }.joined(separator: ", ")
    rows.append([
      "environment", place + (contradictory ? ", because its marks contradict each other" : ""),
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
        "\(host.lockedBytes.text(size)); \(size(host.processesBytes)) by visible processes",
      ],
    ]
    for holder in host.holders.prefix(3) {
      rows.append(["  \(holder.pid) \(holder.command)", size(holder.wiredBytes)])
    }
    rows.append(["unevictable", host.unevictableBytes.text(size)])
    if let shm = shm.value {
      rows.append([
        "/dev/shm",
        "\(shm.free.text(size)) free of \(shm.total.text(style))"
          + ", huge=\(shm.hugePages)\(shm.noSwap ? ", noswap" : "")",
      ])
      rows.append([
        "  inodes",
        "\(shm.freeInodes.text { "\($0)" }) free of "
          + (shm.totalInodes.bytes.value.map { "\($0)" } ?? "unlimited"),
      ])
    }
    for pool in hugePagePools {
      rows.append([
        "huge pages of \(size(pool.pageSize))",
        "\(pool.available) available of \(pool.total) (\(pool.reserved) reserved)",
      ])
    }
    return rows
  }

  private func kernel(_ style: TextStyle) -> [[String]] {
    [
      ["huge pages for shared memory", shmemHugePages.text { $0 }],
      [
        "System V (shmmax, shmall, shmmni)",
        // A value near 2^64 is the kernel's default, which means no limit.
        [shmmax, shmall, shmmni]
          .map { $0.text { $0 > UInt64(Int.max) ? "unlimited" : "\($0)" } }.joined(separator: ", "),
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
    let reasons = unknown.joined(separator: "; ")
    var text = room.value?.text(style) ?? ""
    text +=
      available.value == nil && !unknown.isEmpty
      ? "can be wired now: unknown: \(reasons)\n"
      : "can be wired now: \(available.text(size)), limited by \(binding.text { $0 })\n"
    if let note = bindingNote.value {
      let advice = answer.value == nil ? advice.value.map { "; \($0)" } ?? "" : ""
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
        \(advice.text { $0 })

        """
    }
    return text
  }
}
