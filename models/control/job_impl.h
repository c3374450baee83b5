/*
 * job_impl.h - what the parts of the Job controller share.
 *
 * A key is never in two syncs at a time, so the sync under way of a Job is
 * part of its state.
 */
#ifndef JOB_IMPL_H
#define JOB_IMPL_H
#include "models/batch.h"
#include "models/controller.h"
#include "models/pod.h"

/* A pod as the sync found it. */
struct job_pod {
    object_uid uid;
    int index;                  /* of an Indexed Job; -1: none */
    bool tracked;               /* carries the finalizer, and is not being
                                 * rid of it */
    bool succeeded, failed;     /* ended; never both */
    bool ignored;               /* failed, but by the policy not counted */
    bool active;                /* neither ended nor being deleted */
    /* With backoffLimitPerIndex: failures of the index before this pod, ... */
    int failures, ignored_failures;
    bool fails_index;           /* a rule FailIndex matched */
    sim_time finished;          /* as stamped; of a failed one */
};

#define JOB_POD_BACKOFF (10 * SIM_S)    /* DefaultJobPodFailureBackOff, 1.36 */

enum job_end { JOB_GOES_ON, JOB_FAILS, JOB_SUCCEEDS };

struct job_sync {
    struct batch_job now;       /* the Job as the sync has it in mind */
    uint64_t version;           /* of the status seen or written last */
    VEC(struct job_pod) pods;
    struct job_counts counts;   /* as the sync found them */
    int active, ready, terminating;     /* as they will be */
    int planned, answered, refused, refused_ready;  /* of one kind of call */
    bool deleting;
    bool managed;               /* expectations let it create and delete */
    enum job_end end;
    const char *reason, *message;       /* of the end */
    bool flush;                 /* the status must be written */
    bool held;                  /* more ended pods than one sync takes in */
    enum api_code wrote;        /* answer to the last status write */
    struct job_backoff backoff; /* as it will be */
    struct index_set succeeded_before, succeeded;   /* Indexed */
    struct index_set failed;    /* backoffLimitPerIndex */
    const struct job_pod **last;        /* by index: the failed pod that keeps
                                         * its finalizer; NULL: no limit per
                                         * index */
};

struct job_state {
    struct jobs *jobs;
    object_uid uid;
    int creations;              /* asked for and not seen yet */
    VEC(object_uid) deletions;  /* likewise */
    sim_time expected_since;
    VEC(object_uid) releasing;  /* finalizers to go, not seen to be gone */
    struct job_backoff backoff;
    uint64_t wrote;             /* version of the last status written */
    struct job_sync sync;
    struct index_set indexes[3];        /* room for sync's sets */
    const struct job_pod **last;        /* likewise */
    const struct pod_template *template;        /* labels are made for it */
    const struct labels *labels;
};

struct jobs {
    struct controller *c;
    struct informer *jobs, *pods;
    struct map states;          /* uid -> struct job_state */
    struct arena *scratch;      /* of one decision */
};

/* ---- job.c ----------------------------------------------------------------- */

bool job_finished(const struct batch_job *j);

/* Have the creations and deletions asked for been seen? */
bool job_expectations_met(const struct job_state *st);

/* When a pod ended, as stamped. */
sim_time job_pod_finished(const struct jobs *js, const struct pod *p);

/* Start of the Job as its status will say. */
sim_time job_start_stamp(const struct jobs *js, const struct batch_job *seen);

/* Write st->sync.now's status; the answer goes to sync.wrote. */
void job_write_status(struct job_state *st, struct sync *s);

/* ---- job_pods.c ------------------------------------------------------------- */

/* Does p count as failed, also where it never came to that? */
bool job_pod_failed(const struct batch_job *j, const struct pod *p);

/* Create n pods in batches of 1, 2, 4, ...; indexes: theirs, or NULL. */
void job_create_pods(struct job_state *st, struct sync *s, int n,
                     const int *indexes);

/* Delete up to n active pods, the least useful first.  expect: and wait until
 * they are seen to go. */
void job_delete_pods(struct job_state *st, struct sync *s, int n,
                     bool expect);

/* The calls of the two above have been answered or dropped: bring st->sync's
 * numbers in line. */
void job_settle_pods(struct job_state *st);

/* Rid the pods in uids of the finalizer. */
void job_release_pods(struct job_state *st, struct sync *s,
                      const object_uid *uids, size_t n);

/* Forget that the finalizer of a pod is to go. */
void job_released(struct job_state *st, object_uid pod);

/* Adjust expectations. */
void job_saw_creation(struct job_state *st);
void job_saw_deletion(struct job_state *st, object_uid pod);

/* The index of a pod; -1 if it has none below completions. */
int job_pod_index(const struct batch_job *j, const struct pod *p);

/* ---- job_per_index.c ---------------------------------------------------------- */

/* The number in an annotation of p; 0 if there is none. */
int job_annotation(const struct pod *p, const char *key);

/* Which indexes have failed, and which failed pods must stay: to st->sync. */
void job_per_index_count(struct job_state *st);

/* Reason for which the Job fails because of its indexes, and *message; NULL:
 * none. */
const char *job_per_index_end(const struct job_sync *j, const char **message);

/* Must a failed pod stay, for its count of failures? */
bool job_per_index_keeps(const struct job_sync *j, const struct job_pod *p);

/* Keep those of the *n indexes that need not wait.  Returns how long the first
 * of the others waits if none is left, else 0. */
sim_time job_per_index_ready(const struct job_state *st, int *indexes, int *n);

/* The annotations of a new pod of an index, with its failures so far. */
const struct labels *job_per_index_note(const struct job_state *st, int index,
                                        const struct labels *annotations);

/* ---- job_sync.c, job_sync_1_20.c --------------------------------------------- */

void job_sync(struct jobs *js, struct job_state *st, struct sync *s,
              const struct batch_job *seen);
void job_sync_1_20(struct jobs *js, struct job_state *st, struct sync *s,
                   const struct batch_job *seen);

#endif
