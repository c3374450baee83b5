/*
 * batch.h - Job and CronJob objects.
 *
 * The Kubernetes Job is struct batch_job; struct job is the work of a request
 * (models/traffic).
 */
#ifndef MODELS_BATCH_H
#define MODELS_BATCH_H
#include "models/cron.h"
#include "models/jobs.h"
#include "models/object.h"
#include "models/podspec.h"

#define JOB_INDEX "batch.kubernetes.io/job-completion-index"
#define JOB_INDEX_FAILURES "batch.kubernetes.io/job-index-failure-count"
#define JOB_INDEX_IGNORED "batch.kubernetes.io/job-index-ignored-failure-count"
#define JOB_FINALIZER "batch.kubernetes.io/job-tracking"

/* What a rule of podFailurePolicy does with a pod that it matches. */
enum failure_action { FAILURE_COUNT, FAILURE_IGNORE, FAILURE_FAIL_JOB,
                      FAILURE_FAIL_INDEX };

/* One rule of podFailurePolicy: either exit codes or conditions. */
struct failure_rule {
    enum failure_action action;
    const char *container;      /* of exit codes; NULL: any app container */
    bool on_exit_codes, not_in; /* not_in: operator NotIn */
    const int *codes;
    size_t ncodes;
    const char *const *conditions;      /* types that must be True */
    size_t nconditions;
};

/* One rule of successPolicy. */
struct success_rule {
    const char *indexes;        /* succeededIndexes, "1,3-5"; NULL: any */
    int count;                  /* succeededCount; JOB_UNSET: all of these */
};

/* spec, also of a CronJob's jobTemplate; immutable, shared. */
struct job_spec {
    int parallelism;            /* 1 */
    int completions;            /* JOB_UNSET: until one pod succeeds */
    int backoff_limit;          /* 6; INT32_MAX if per index */
    int backoff_per_index;      /* JOB_UNSET: failures are the Job's */
    int max_failed_indexes;     /* JOB_UNSET: any number */
    int64_t deadline_s;         /* activeDeadlineSeconds; JOB_UNSET */
    int64_t ttl_s;              /* ttlSecondsAfterFinished; JOB_UNSET */
    bool indexed;               /* completionMode Indexed */
    bool suspend;
    bool only_failed_replaced;  /* podReplacementPolicy Failed */
    bool failure_policy;        /* podFailurePolicy is given */
    const struct failure_rule *failure_rules;
    size_t nfailure_rules;
    const struct success_rule *success_rules;
    size_t nsuccess_rules;
    const struct pod_template *template;
};

struct batch_job {
    struct meta meta;
    const struct job_spec *spec;
    const struct value *raw;    /* the object as stored */
    /* status */
    sim_time started, completed;        /* SIM_NEVER: not yet.  Full
                                         * resolution; see world_second */
    int active, ready, terminating, succeeded, failed;
    const char *completed_indexes, *failed_indexes;     /* NULL: none */
    /* Pods that have ended and are not in the two numbers yet. */
    const object_uid *uncounted_succeeded, *uncounted_failed;
    size_t nuncounted_succeeded, nuncounted_failed;
    struct condition suspended, failure_target, success_met, complete,
        failure;                /* failure: condition Failed */
};

#define batch_job_of(m) ((struct batch_job *)(m))
#define batch_job_seen(m) ((const struct batch_job *)(m))

enum concurrency { CONCURRENCY_ALLOW, CONCURRENCY_FORBID,
                   CONCURRENCY_REPLACE };

struct cronjob {
    struct meta meta;
    const char *schedule;
    struct cron cron;           /* the schedule, understood; in UTC */
    enum concurrency concurrency;
    bool suspend;
    int64_t starting_deadline_s;        /* JOB_UNSET */
    int successful_limit, failed_limit; /* history; 3 and 1 */
    const struct job_spec *job;
    const struct labels *job_labels, *job_annotations;
    const struct value *job_raw;        /* jobTemplate as stored */
    const struct value *raw;
    /* status */
    const object_uid *active;   /* Jobs started and not seen to be over */
    size_t nactive;
    int64_t last_schedule;      /* the run started last; CRON_NONE */
    sim_time last_successful;   /* SIM_NEVER: none */
};

#define cronjob_of(m) ((struct cronjob *)(m))
#define cronjob_seen(m) ((const struct cronjob *)(m))

#endif
