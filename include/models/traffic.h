/*
 * traffic.h - clients, their requests, and the processes that serve them.
 *
 * Arrivals are a feeder of the engine (kernel/event.h): a request costs no
 * event unless it must wait for something that is not known when it arrives.
 */
#ifndef MODELS_TRAFFIC_H
#define MODELS_TRAFFIC_H
#include <stddef.h>
#include "models/object.h"
#include "models/pod.h"
#include "models/process.h"
#include "models/request.h"

struct world;

/* ---- set-up ------------------------------------------------------------- */

/* Make w->traffic from w->spec->traffic.  Called by world_new, after
 * network_new and measure_new, before objects are applied. */
void traffic_new(struct world *w);

/* Settle what has ended by now; then prove that the accounts close: per sender
 * and version, arrived = answered well + failed + in flight. */
void traffic_close(struct world *w);

/* ---- for proxies and measurement ---------------------------------------- */

/* The name of a sender; the users it tells apart (0: none); and its place, 0,
 * 1, ..., among the traffic classes of the scenario.  Sticky: a user keeps the
 * pod that he had. */
const char *sender_name(const struct sender *s);
int sender_users(const struct sender *s);
bool sender_sticky(const struct sender *s);
size_t sender_index(const struct sender *s);
size_t traffic_sending(const struct world *w);

/* Of several clusters: this part of all requests comes to w from now on; and the
 * share of those that would find nobody to serve them now. */
void traffic_reshare(struct world *w, double part);
double traffic_closed(const struct world *w);

/* The name of a server's pod; s NULL: "". */
const char *server_pod(const struct server *s);

/* The process of a server, which is not NULL. */
const struct process *server_process(const struct server *s);

/* Count all outcomes that are known by now (they may be put down late). */
void traffic_settle(struct world *w);

/* CPU time of the requests that a process has begun to work on so far: what
 * images.cpuPerRequest says, else the time of its workers. */
sim_time traffic_cpu(const struct process *p);

/* The images of processes that got requests, each of which ends by an event of
 * its own, or not (images: departures): "web:1, web:2", of w's arena. */
const char *traffic_images(const struct world *w, bool by_events);

/* Would a new connection to this process be served? */
bool traffic_able(const struct process *p);

/* The version of pods of this template; and of the pod of p, for as long as w
 * lives.  A name is the tag of the released container's image (the first of
 * release.images, else the first container), or the whole image if another
 * version has that tag.  Never NULL. */
const struct version *traffic_version(struct world *w,
                                      const struct pod_template *t);
const struct version *traffic_version_of(struct world *w, struct process *p);
const struct version *traffic_version_at(const struct world *w, size_t index);

/* Has a this header or cookie?  By user, or by request if nobody counts them;
 * and the share of requests that have it (of the first class that knows it). */
bool ask_has(const struct ask *a, const char *key, const char *value);
double traffic_share(const struct world *w, const char *key,
                     const char *value);

/* Give a header or cookie to a share of the users of every class that says
 * nothing of this key: each user keeps it for the life of w, and has it at
 * every greater share as well.  key and value are borrowed. */
void traffic_hand_out(struct world *w, const char *key, const char *value,
                      double share);

/* The share of users whom the pod that served a converts; 0 without one. */
double ask_conversion(const struct ask *a);

/* Pods of version `off` also have the code path of version `on`, which behaves
 * like `code`; a change of whom it is for reaches each after a time of its own.
 * Once per world.  For nobody, until it is set for a share of the users. */
void traffic_flag(struct world *w, const struct pod_template *off,
                  const struct pod_template *on, const struct behaviour *code,
                  const struct dist *propagation);
void traffic_flag_set(struct world *w, double share);

/* The name of the node that the client of a is on. */
const char *traffic_node(const struct world *w, const struct ask *a);

/* Sentences that tell why a failed with this cause, of w's arena. */
const char *traffic_chain(struct world *w, const struct ask *a,
                          enum cause cause);
/* What its cause does not say of a failure, in a few words; NULL: nothing. */
const char *traffic_remark(const struct ask *a, enum cause cause);

#endif
