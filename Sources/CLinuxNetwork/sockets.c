#define _GNU_SOURCE
#include "CLinuxNetwork.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// Closes a socket whose set-up failed and keeps the reason.
static int32_t abandon(int socket) {
  int error = errno;
  close(socket);
  return -error;
}

int32_t cln_route_socket(uint32_t groups) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return abandon(fd);
  return fd;
}

int32_t cln_route_send(int32_t socket, const void *message, uint32_t size) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  ssize_t sent = sendto(socket, message, size, 0, (struct sockaddr *)&kernel, sizeof kernel);
  return sent < 0 ? -errno : (int32_t)sent;
}

int32_t cln_route_receive(int32_t socket, void *buffer, uint32_t size) {
  struct sockaddr_nl sender = {0};
  socklen_t length = sizeof sender;
  ssize_t received = recvfrom(socket, buffer, size, MSG_TRUNC, (struct sockaddr *)&sender, &length);
  if (received < 0) return -errno;
  return sender.nl_pid == 0 ? (int32_t)received : 0;
}

int32_t cln_attach_filter(int32_t socket, const struct sock_filter *filter, uint16_t filter_length) {
  struct sock_fprog program = {.len = filter_length, .filter = (struct sock_filter *)filter};
  int result = setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  return result < 0 ? -errno : 0;
}

int32_t cln_packet_socket(
    int32_t interface_index, uint16_t ether_type, const struct sock_filter *filter, uint16_t filter_length,
    int32_t receive_buffer_size) {
  // Protocol 0 receives nothing until bind() names the interface and the EtherType.
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (filter_length > 0 && cln_attach_filter(fd, filter, filter_length) < 0) return abandon(fd);
  // The forced form needs NET_ADMIN; without it the system's limit applies.
  socklen_t size = sizeof receive_buffer_size;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_size, size) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_size, size);
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ether_type), .sll_ifindex = interface_index};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return abandon(fd);
  return fd;
}

int32_t cln_receive_frames(
    int32_t socket, uint8_t *slots, uint32_t slot_size, uint32_t *lengths, uint32_t count) {
  struct mmsghdr messages[CLN_BATCH_LIMIT];
  struct iovec parts[CLN_BATCH_LIMIT];
  if (count > CLN_BATCH_LIMIT) count = CLN_BATCH_LIMIT;
  memset(messages, 0, count * sizeof *messages);
  for (uint32_t i = 0; i < count; i++) {
    parts[i] = (struct iovec){.iov_base = slots + (size_t)i * slot_size, .iov_len = slot_size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int received = recvmmsg(socket, messages, count, MSG_DONTWAIT | MSG_TRUNC, NULL);
  if (received < 0) return -errno;
  for (int i = 0; i < received; i++) lengths[i] = messages[i].msg_len;
  return received;
}

int32_t cln_send_frames(
    int32_t socket, const uint8_t *bytes, uint32_t start, const uint32_t *ends, uint32_t count) {
  struct mmsghdr messages[CLN_BATCH_LIMIT];
  struct iovec parts[CLN_BATCH_LIMIT];
  if (count > CLN_BATCH_LIMIT) count = CLN_BATCH_LIMIT;
  memset(messages, 0, count * sizeof *messages);
  for (uint32_t i = 0; i < count; i++) {
    parts[i] = (struct iovec){.iov_base = (void *)(bytes + start), .iov_len = ends[i] - start};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    start = ends[i];
  }
  int sent = sendmmsg(socket, messages, count, MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}

int32_t cln_membership_socket(void) {
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : fd;
}

static int32_t change_group(int32_t socket, int option, int32_t interface_index, const uint8_t group[16]) {
  struct ipv6_mreq request = {.ipv6mr_interface = (unsigned)interface_index};
  memcpy(&request.ipv6mr_multiaddr, group, 16);
  return setsockopt(socket, IPPROTO_IPV6, option, &request, sizeof request) < 0 ? -errno : 0;
}

int32_t cln_join_group(int32_t socket, int32_t interface_index, const uint8_t group[16]) {
  return change_group(socket, IPV6_ADD_MEMBERSHIP, interface_index, group);
}

int32_t cln_leave_group(int32_t socket, int32_t interface_index, const uint8_t group[16]) {
  return change_group(socket, IPV6_DROP_MEMBERSHIP, interface_index, group);
}
