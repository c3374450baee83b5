/*
 * measure.h - what is noticed while a replication runs, for its metrics.
 *
 * Definitions are in models/metrics.list.  "The release" is the first change
 * of the pod template of a Deployment, StatefulSet or DaemonSet after the
 * warm-up (of release.workload if given), unless measure_release says so;
 * "new" is the version that it brings, "old" the one it replaces, "the
 * application" the pods of both.
 */
#ifndef MODELS_MEASURE_H
#define MODELS_MEASURE_H
#include "models/metrics.h"
#include "models/object.h"
#include "models/podspec.h"
#include "models/request.h"

struct world;
struct net_origin;
struct rules;
struct process;

/* Make w->measure, or take that of the first of several clusters.  Called by
 * world_new before objects are applied. */
void measure_new(struct world *w);

/* Close the accounts and the levels, and write the last rows.  Called by
 * world_run at the end. */
void measure_finish(struct world *w);

/* ---- told by strategies, guards, controllers ---------------------------- */

/* Now the new template starts to replace the old one (either may be NULL). */
void measure_release(struct world *w, const struct pod_template *old,
                     const struct pod_template *new_);

/* Now the release begins, by a step before that replacement (old may be NULL):
 * it is compared with what there is now. */
void measure_release_begins(struct world *w, const struct pod_template *old);

/* Has the release begun in w? */
bool measure_released(const struct world *w);

/* A release of this workload is complete when somebody else says so, once,
 * rather than when its own status does. */
void measure_judged_elsewhere(struct world *w, enum kind kind,
                              const char *space, const char *name);
void measure_completed(struct world *w);

/* A feature flag: the code of the new version runs for some user at some pod;
 * and for every user at all of them, which completes the release. */
void measure_flag(struct world *w, bool some, bool all);

/* Somebody, or something, decided to roll back; the first call counts. */
void measure_rollback_decided(struct world *w);

/* Now a test of the two versions has an answer; the first one counts.  better:
 * > 0 if the new version is the better one in truth, < 0 if the old one is, 0
 * if neither, NaN if nobody knows. */
enum decision { DECISION_ABORTED = -1, DECISION_INCONCLUSIVE,
                DECISION_PROMOTED };
void measure_decided(struct world *w, enum decision decision, double better);

/* ---- told by record.c, traffic and proxies ------------------------------ */

void measure_commit(struct world *w, const struct meta *before,
                    const struct meta *after);

/* A place from which requests go by these rules, with its share of all.  from:
 * who sends them, as NetworkPolicies see it; NULL: nobody asks. */
void measure_watch(struct world *w, struct rules *r, double share,
                   const struct net_origin *from);
/* The share of new requests by root, which is watched, that would find nobody
 * now. */
double measure_closed(const struct world *w, const struct rules *root);
/* What router_share says of root has changed. */
void measure_routes_changed(struct world *w, struct rules *root);
void measure_rules_changed(struct world *w, struct rules *r);
void measure_process_changed(struct world *w, struct process *p);
void measure_policies_changed(struct world *w);

/* A client's request was sent; was accepted by its pod; has its final outcome,
 * which the client learns at `end` (end is not in order from call to call). */
void measure_sent(struct world *w, const struct sender *s, sim_time sent);
void measure_served(struct world *w, struct ask *a);
/* measure_served of a request without users, now, by a pod of v: does it count
 * as exposed? */
bool measure_accepted(struct world *w, const struct version *v, sim_time now);
void measure_outcome(struct world *w, const struct ask *a, enum cause cause,
                     sim_time end);
/* a is answered from calls, some of which may be missing: are they? */
void measure_gathered(struct world *w, const struct ask *a, bool partial);
/* Are these outcomes all that has to be known of requests that were answered
 * well at once?  Then: n of them, by pods of v. */
bool measure_brief(const struct world *w);
void measure_answers(struct world *w, const struct version *v,
                     const struct answered *list, size_t n);

/* ---- afterwards ---------------------------------------------------------- */

/* Mean response times, in ms, of the requests sent in each of the first n
 * seconds of the measured time; a second without an answer repeats the one
 * before.  Beyond the end, ms is left alone. */
void measure_answering(const struct world *w, double *ms, size_t n);

#endif
