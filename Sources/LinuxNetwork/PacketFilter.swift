package import CLinuxNetwork

/// A classic BPF program that the kernel runs on each frame of a packet socket, so that only frames that may need an
/// answer wake the thread. Offsets count from the Ethernet header.
///
/// VLAN tags: the kernel takes the outer tag off a frame before a packet socket sees it. A frame whose VLAN has an
/// interface of its own is delivered there and not here, but one whose VLAN nobody configured does arrive on the
/// parent interface, looking untagged; answering it would answer into the wrong network. ``arp`` and
/// ``neighborDiscovery`` therefore drop frames with a VLAN identifier other than 0 (0 is a priority tag,
/// IEEE 802.1Q §9.6).
///
/// They also drop frames that the kernel classified as meant for another host, which appear when the interface is
/// promiscuous.
package struct PacketFilter: Sendable {
  /// What the socket subscribes to, in host byte order.
  package let etherType: UInt16
  package let instructions: [sock_filter]

  /// ARP requests and replies (RFC 826).
  package static let arp = PacketFilter(
    etherType: 0x0806,
    checks: [
      // ar$op, which follows 14 bytes of Ethernet and 6 of ARP.
      Check(load: .half(20), isAnyOf: [1, 2])
    ])

  /// Neighbour solicitations and advertisements (RFC 4861 §4.3, §4.4).
  ///
  /// One behind an extension header is not found. RFC 6980 §5 forbids fragmenting them, and nobody sends other
  /// headers.
  package static let neighborDiscovery = PacketFilter(
    etherType: 0x86dd,
    checks: [
      // Next header: ICMPv6.
      Check(load: .byte(20), isAnyOf: [58]),
      // ICMPv6 type, behind 14 bytes of Ethernet and 40 of IPv6.
      Check(load: .byte(54), isAnyOf: [135, 136]),
    ])

  /// Every frame of an EtherType, tagged or not, for whomever. 0x0003 (ETH_P_ALL) is all of them, sent ones too.
  package static func everything(etherType: UInt16) -> PacketFilter {
    PacketFilter(
      etherType: etherType, instructions: [statement(BPF_RET | BPF_K, 0xffff_ffff)])
  }

  private init(etherType: UInt16, instructions: [sock_filter]) {
    self.etherType = etherType
    self.instructions = instructions
  }

  private enum Load {
    case byte(UInt32)
    case half(UInt32)

    var instruction: sock_filter {
      switch self {
      case .byte(let offset): PacketFilter.statement(BPF_LD | BPF_B | BPF_ABS, offset)
      case .half(let offset): PacketFilter.statement(BPF_LD | BPF_H | BPF_ABS, offset)
      }
    }
  }

  private struct Check {
    var load: Load
    var isAnyOf: [UInt32]
  }

  /// Frames of this host without a VLAN that pass every check. Loading past the end of a frame drops it.
  private init(etherType: UInt16, checks: [Check]) {
    self.etherType = etherType
    let accept = Self.statement(BPF_RET | BPF_K, 0xffff_ffff)
    let drop = Self.statement(BPF_RET | BPF_K, 0)
    let auxiliary = { (field: Int32) in
      Self.statement(BPF_LD | BPF_W | BPF_ABS, UInt32(bitPattern: SKF_AD_OFF + field))
    }
    // Built from the end, where `drop` lies: a jump's distance is the number of instructions in between.
    var program = [accept, drop]
    for check in checks.reversed() {
      for (followers, value) in check.isAnyOf.reversed().enumerated() {
        // The last comparison drops what it does not match: with n instructions behind it, the last is n - 1 away. One
        // that matches jumps over those that follow it.
        program.insert(
          Self.jump(
            value, ifEqual: followers, otherwise: followers == 0 ? program.count - 1 : 0), at: 0)
      }
      program.insert(check.load.instruction, at: 0)
    }
    // The identifier is the lower 12 bits of the tag; a frame without a tag loads 0.
    program.insert(Self.jump(0, ifEqual: 0, otherwise: program.count - 1), at: 0)
    program.insert(Self.statement(BPF_ALU | BPF_AND | BPF_K, 0xfff), at: 0)
    program.insert(auxiliary(SKF_AD_VLAN_TAG), at: 0)
    // PACKET_OTHERHOST is 3 (linux/if_packet.h).
    program.insert(Self.jump(3, ifEqual: program.count - 1, otherwise: 0), at: 0)
    program.insert(auxiliary(SKF_AD_PKTTYPE), at: 0)
    instructions = program
  }

  private static func statement(_ code: Int32, _ value: UInt32) -> sock_filter {
    sock_filter(code: UInt16(truncatingIfNeeded: code), jt: 0, jf: 0, k: value)
  }

  private static func jump(_ value: UInt32, ifEqual: Int, otherwise: Int) -> sock_filter {
    sock_filter(
      code: UInt16(truncatingIfNeeded: BPF_JMP | BPF_JEQ | BPF_K),
      jt: UInt8(truncatingIfNeeded: ifEqual), jf: UInt8(truncatingIfNeeded: otherwise), k: value)
  }
}
