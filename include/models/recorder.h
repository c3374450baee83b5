/*
 * recorder.h - Kubernetes Events as a control loop posts them.
 *
 * They cost requests: one token each of the client that the loop also makes
 * its changes with, one after the other.  About one object at most 25 are
 * posted, and one more every five minutes; the rest is dropped.
 */
#ifndef MODELS_RECORDER_H
#define MODELS_RECORDER_H
#include <stdarg.h>
#include "models/client.h"

struct recorder;

/* A recorder that posts through client, which is borrowed. */
struct recorder *recorder_new(struct world *w, struct client *client);

/* Post an Event about an object; it is recorded when it has got through. */
void recorder_post(struct recorder *r, const struct meta *about,
                   const char *type, const char *reason, const char *format,
                   va_list args) __attribute__((format(printf, 5, 0)));

#endif
