#pragma once

/// Kernel interfaces that the Glibc module does not expose, for LinuxNetwork.
///
/// Constants and structures come from the kernel's own headers. Functions return a value of at least 0, or a
/// negative errno; none of them blocks, except cln_poller_wait.

#include <stdint.h>

#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

// Descriptors

int32_t cln_close(int32_t descriptor);

/// Writes the text of an errno into `text`, always terminated.
void cln_error_text(int32_t code, char *text, uint32_t size);

// Threads

/// Runs `body(context)` on a new detached thread. The kernel shows the first 15 bytes of `name`.
int32_t cln_start_thread(const char *name, void (*body)(void *), void *context);

// Memory

/// Gives up the pages of code and constants that are in memory now. They come back from the file, or rather from the
/// page cache, when they are used.
void cln_release_code(void);

// Namespaces. Each changes the calling thread alone, so it belongs on a thread that runs nothing else.

enum cln_namespace_kind {
  CLN_NAMESPACE_MOUNT = 0x00020000,
  CLN_NAMESPACE_CGROUP = 0x02000000,
  CLN_NAMESPACE_UTS = 0x04000000,
  CLN_NAMESPACE_IPC = 0x08000000,
  CLN_NAMESPACE_USER = 0x10000000,
  CLN_NAMESPACE_PROCESS = 0x20000000,
  CLN_NAMESPACE_NETWORK = 0x40000000,
};

/// Opens a namespace file, such as /proc/self/ns/net or what `ip netns add` makes in /run/netns.
int32_t cln_open_namespace(const char *path);

/// Moves the calling thread into the namespace that `descriptor` refers to; `kinds` says what it must be.
int32_t cln_set_namespace(int32_t descriptor, int32_t kinds);

/// Gives the calling thread new namespaces of the given kinds.
int32_t cln_unshare(int32_t kinds);

// Waiting

int32_t cln_poller_create(void);

/// Reports `token` while `descriptor` is readable.
int32_t cln_poller_add(int32_t poller, int32_t descriptor, uint64_t token);

int32_t cln_poller_remove(int32_t poller, int32_t descriptor);

/// Waits until a descriptor is readable or `milliseconds` have passed (for ever when negative). Writes at most
/// `capacity` tokens and returns how many; 0 also when a signal interrupted the wait.
int32_t cln_poller_wait(int32_t poller, uint64_t *tokens, int32_t capacity, int32_t milliseconds);

int32_t cln_event_create(void);
int32_t cln_event_signal(int32_t event);
int32_t cln_event_clear(int32_t event);

// Route netlink

/// A non-blocking NETLINK_ROUTE socket that has joined `groups`, a mask of RTMGRP_ values.
int32_t cln_route_socket(uint32_t groups);

/// Sends one request to the kernel.
int32_t cln_route_send(int32_t socket, const void *message, uint32_t size);

/// Receives one datagram and returns its whole length, which may exceed `size`. Datagrams that the kernel did not
/// send are returned as length 0.
int32_t cln_route_receive(int32_t socket, void *buffer, uint32_t size);

// Packet sockets

/// A non-blocking AF_PACKET socket on one interface that receives frames of one EtherType (host byte order) which
/// pass the filter. Nothing arrives before the filter is in place.
int32_t cln_packet_socket(
    int32_t interface_index, uint16_t ether_type, const struct sock_filter *filter, uint16_t filter_length,
    int32_t receive_buffer_size);

/// Attaches a classic BPF program to any socket.
int32_t cln_attach_filter(int32_t socket, const struct sock_filter *filter, uint16_t filter_length);

enum { CLN_BATCH_LIMIT = 64 };

/// Receives up to `count` (at most CLN_BATCH_LIMIT) frames into consecutive slots of `slot_size` bytes. `lengths`
/// gets the whole length of each frame, which may exceed the slot.
int32_t cln_receive_frames(
    int32_t socket, uint8_t *slots, uint32_t slot_size, uint32_t *lengths, uint32_t count);

/// Sends frames that lie one after the other in `bytes`, the first one at `start`; `ends` holds the end offset of
/// each. Returns how many were accepted, at most CLN_BATCH_LIMIT; an error only when the first one failed.
int32_t cln_send_frames(
    int32_t socket, const uint8_t *bytes, uint32_t start, const uint32_t *ends, uint32_t count);

// IPv6 multicast membership

/// A socket that only holds group memberships.
int32_t cln_membership_socket(void);
int32_t cln_join_group(int32_t socket, int32_t interface_index, const uint8_t group[16]);
int32_t cln_leave_group(int32_t socket, int32_t interface_index, const uint8_t group[16]);
