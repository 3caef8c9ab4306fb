#define _GNU_SOURCE
#include "CLinuxNetwork.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

int32_t cln_close(int32_t descriptor) { return close(descriptor) < 0 ? -errno : 0; }

void cln_error_text(int32_t code, char *text, uint32_t size) {
  if (size == 0) return;
  const char *known = strerrordesc_np(code);
  strncpy(text, known ? known : "unknown error", size - 1);
  text[size - 1] = 0;
}

struct thread_start {
  char name[16];
  void (*body)(void *);
  void *context;
};

static void *run_thread(void *argument) {
  struct thread_start start = *(struct thread_start *)argument;
  free(argument);
  pthread_setname_np(pthread_self(), start.name);
  start.body(start.context);
  return NULL;
}

int32_t cln_start_thread(const char *name, void (*body)(void *), void *context) {
  struct thread_start *start = calloc(1, sizeof *start);
  if (!start) return -ENOMEM;
  strncpy(start->name, name, sizeof start->name - 1);
  start->body = body;
  start->context = context;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, run_thread, start);
  pthread_attr_destroy(&attributes);
  if (error) free(start);
  return -error;
}

int32_t cln_open_namespace(const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int32_t cln_set_namespace(int32_t descriptor, int32_t kinds) {
  return setns(descriptor, kinds) < 0 ? -errno : 0;
}

int32_t cln_unshare(int32_t kinds) { return unshare(kinds) < 0 ? -errno : 0; }

int32_t cln_poller_create(void) {
  int poller = epoll_create1(EPOLL_CLOEXEC);
  return poller < 0 ? -errno : poller;
}

int32_t cln_poller_add(int32_t poller, int32_t descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
  return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

int32_t cln_poller_remove(int32_t poller, int32_t descriptor) {
  return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

int32_t cln_poller_wait(int32_t poller, uint64_t *tokens, int32_t capacity, int32_t milliseconds) {
  struct epoll_event events[32];
  if (capacity > 32) capacity = 32;
  int count = epoll_wait(poller, events, capacity, milliseconds);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
  return count;
}

int32_t cln_event_create(void) {
  int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return event < 0 ? -errno : event;
}

int32_t cln_event_signal(int32_t event) {
  uint64_t one = 1;
  // A counter that is full (EAGAIN) is a signal that has not been seen yet.
  return write(event, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int32_t cln_event_clear(int32_t event) {
  uint64_t count;
  return read(event, &count, sizeof count) < 0 && errno != EAGAIN ? -errno : 0;
}
