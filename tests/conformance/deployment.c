/*
 * deployment.c - tables about the decisions of the Deployment controller and
 * about `kubectl rollout status`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/units.h"
#include "conformance.h"
#include "models/deployment.h"
#include "models/rollout.h"
#include "models/workqueue.h"

#define MOST 32                 /* sets or pods in a cell */

/* ---- cells -------------------------------------------------------------- */

/* "3", "30%", "nil" or "-": absent.  False if it is none of these. */
static bool read_limit(const char *cell, struct int_or_percent *out)
{
    *out = (struct int_or_percent){ 0 };
    if (strcmp(cell, "nil") == 0 || strcmp(cell, "-") == 0 || *cell == '\0')
        return true;
    return parse_int_or_percent(cell, strchr(cell, '%') != NULL, out, NULL) &&
           !(strchr(cell, '%') == NULL && strspn(cell, "0123456789") == 0);
}

static bool get_limit(const struct conf_row *row, const char *column,
                      struct int_or_percent *out)
{
    return read_limit(conf_get(row, column), out);
}

static int get_int(const struct conf_row *row, const char *column)
{
    return (int)conf_int(row, column, 0);
}

/* Space-separated numbers; returns how many. */
static size_t get_list(const struct conf_row *row, const char *column,
                       int *out)
{
    const char *p = conf_get(row, column);
    size_t n = 0;

    while (*p) {
        char *end;
        long x = strtol(p, &end, 10);

        if (end == p)
            break;
        CHECK(n < MOST);
        out[n++] = (int)x;
        p = end;
    }
    return n;
}

static struct deployment deployment_from(const struct conf_row *row,
                                         const char *replicas)
{
    struct deployment d = {
        .replicas = get_int(row, replicas),
        .strategy = strcmp(conf_get(row, "strategy"), "Recreate") == 0
                        ? STRATEGY_RECREATE : STRATEGY_ROLLING_UPDATE,
        .progress_deadline_s = NO_DEADLINE,
    };

    get_limit(row, "max_surge", &d.max_surge);
    get_limit(row, "max_unavailable", &d.max_unavailable);
    return d;
}

/* n sets of these sizes and available pods; list[i] points at sets[i]. */
static void make_sets(struct replicaset *sets, const struct replicaset **list,
                      const int *sizes, const int *available, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sets[i] = (struct replicaset){ .meta.uid = (object_uid)i + 1,
                                       .replicas = sizes[i],
                                       .available = available[i],
                                       .desired = -1, .max = -1 };
        list[i] = &sets[i];
    }
}

/* ---- fenceposts --------------------------------------------------------- */

static bool check_fenceposts(const struct conf_row *row, char *why,
                             size_t room)
{
    struct int_or_percent surge, unavailable;
    struct fenceposts f = { 0 };
    bool ok = get_limit(row, "max_surge", &surge) &&
              get_limit(row, "max_unavailable", &unavailable);

    if (ok)
        f = fenceposts_resolve(surge, unavailable, get_int(row, "desired"));
    if (f.surge == get_int(row, "surge") &&
        f.unavailable == get_int(row, "unavailable") &&
        !ok == get_int(row, "error"))
        return true;
    return conf_why(why, room, "got %d %d error %d", f.surge, f.unavailable,
                    !ok);
}

const struct conf_table conf_fenceposts = {
    .name = "fenceposts", .check = check_fenceposts,
};

static bool check_limits(const struct conf_row *row, char *why, size_t room)
{
    struct deployment d = deployment_from(row, "replicas");
    int unavailable = deployment_max_unavailable(&d);
    int surge = deployment_max_surge(&d);
    int least = deployment_min_available(&d);

    if (unavailable == get_int(row, "effective_max_unavailable") &&
        surge == get_int(row, "effective_max_surge") &&
        least == get_int(row, "min_available"))
        return true;
    return conf_why(why, room, "got unavailable %d surge %d available %d",
                    unavailable, surge, least);
}

const struct conf_table conf_deployment_max_unavailable = {
    .name = "deployment_max_unavailable", .check = check_limits,
};

/* ---- sizes -------------------------------------------------------------- */

static bool check_fresh_size(const struct conf_row *row, char *why,
                             size_t room)
{
    struct deployment d = deployment_from(row, "deployment_replicas");
    int size = get_int(row, "new_rs_replicas");
    int total = get_int(row, "other_rs_replicas");
    int got;

    if (get_int(row, "new_rs_counted_in_all"))
        total += size;
    got = deployment_fresh_size(&d, total, size);
    return got == get_int(row, "result") ||
           conf_why(why, room, "got %d", got);
}

const struct conf_table conf_new_rs_new_replicas = {
    .name = "new_rs_new_replicas", .check = check_fresh_size,
};

static bool check_scale_fresh(const struct conf_row *row, char *why,
                              size_t room)
{
    struct deployment d = deployment_from(row, "deployment_replicas");
    int size = get_int(row, "new_replicas");
    int got = deployment_scale_fresh(&d, get_int(row, "old_replicas") + size,
                                     size);

    if (got == get_int(row, "new_replicas_after") &&
        (got != size) == get_int(row, "scaled"))
        return true;
    return conf_why(why, room, "got %d", got);
}

const struct conf_table conf_reconcile_new_replica_set = {
    .name = "reconcile_new_replica_set", .check = check_scale_fresh,
};

/* One pass over old sets; the columns that differ between the two tables. */
static bool check_shrink(const struct conf_row *row, const char *old,
                         const char *available, const char *after, char *why,
                         size_t room)
{
    struct deployment d = deployment_from(row, "deployment_replicas");
    int sizes[MOST], avail[MOST], want[MOST];
    size_t n = get_list(row, old, sizes), active = 0, nout;
    struct replicaset sets[MOST], fresh = { 0 };
    const struct replicaset *list[MOST];
    struct resize out[2 * MOST];
    struct arena *a = arena_new();
    bool scaled;

    get_list(row, available, avail);
    get_list(row, after, want);
    make_sets(sets, list, sizes, avail, n);
    fresh.replicas = get_int(row, "new_replicas");
    fresh.available = get_int(row, "new_available");
    for (size_t i = 0; i < n; i++)
        if (sets[i].replicas > 0)
            list[active++] = &sets[i];
    scaled = deployment_shrink_old(&d, sets_size(list, active) +
                                           fresh.replicas, &fresh, list,
                                   active, out, &nout, a);
    for (size_t i = 0; i < nout; i++)
        sizes[out[i].set - sets] = out[i].size;
    arena_free(a);
    for (size_t i = 0; i < n; i++)
        if (sizes[i] != want[i])
            return conf_why(why, room, "set %zu gets %d", i, sizes[i]);
    return scaled == get_int(row, "scaled") ||
           conf_why(why, room, "scaled %d", scaled);
}

static bool check_shrink_one(const struct conf_row *row, char *why,
                             size_t room)
{
    return check_shrink(row, "old_replicas", "old_available",
                        "old_replicas_after", why, room);
}

const struct conf_table conf_reconcile_old_replica_sets = {
    .name = "reconcile_old_replica_sets", .check = check_shrink_one,
};

static bool check_shrink_many(const struct conf_row *row, char *why,
                              size_t room)
{
    return check_shrink(row, "old_replicas_oldest_first",
                        "old_available_oldest_first",
                        "old_replicas_after_oldest_first", why, room);
}

const struct conf_table conf_reconcile_old_replica_sets_multi = {
    .name = "reconcile_old_replica_sets_multi", .check = check_shrink_many,
};

static bool check_clean_up(const struct conf_row *row, char *why, size_t room)
{
    int sizes[MOST], avail[MOST], want[MOST], got[MOST], done;
    size_t n = get_list(row, "old_replicas_oldest_first", sizes);
    struct replicaset sets[MOST];
    const struct replicaset *list[MOST];
    bool broken;

    get_list(row, "old_available_oldest_first", avail);
    get_list(row, "old_replicas_after_oldest_first", want);
    make_sets(sets, list, sizes, avail, n);
    done = deployment_clean_up(list, n, get_int(row, "max_cleanup_count"),
                               got, &broken);
    for (size_t i = 0; i < n; i++)
        if (got[i] != want[i])
            return conf_why(why, room, "set %zu gets %d", i, got[i]);
    return done == get_int(row, "cleaned_up") ||
           conf_why(why, room, "cleaned %d", done);
}

const struct conf_table conf_cleanup_unhealthy_replicas = {
    .name = "cleanup_unhealthy_replicas", .check = check_clean_up,
};

static bool check_scale_down(const struct conf_row *row, char *why,
                             size_t room)
{
    struct deployment d = deployment_from(row, "deployment_replicas");
    int size = get_int(row, "old_replicas");
    int done = deployment_scale_down_old(&d, get_int(row, "old_available"),
                                         1, &size);

    return (done == get_int(row, "scaled_down") &&
            size == get_int(row, "old_replicas_after")) ||
           conf_why(why, room, "got %d, done %d", size, done);
}

const struct conf_table conf_scale_down_old_for_rolling_update = {
    .name = "scale_down_old_for_rolling_update", .check = check_scale_down,
};

/* ---- proportional scaling ----------------------------------------------- */

static bool check_proportion(const struct conf_row *row, char *why,
                             size_t room)
{
    struct deployment d = deployment_from(row, "deployment_replicas");
    struct replicaset set = {
        .replicas = get_int(row, "rs_replicas"),
        .max = (int)conf_int(row, "rs_max_replicas_annotation", -1),
    };
    int got;

    d.status_replicas = get_int(row, "deployment_status_replicas");
    got = deployment_proportion(&d, &set, get_int(row, "replicas_to_add"),
                                get_int(row, "replicas_added"));
    return got == get_int(row, "result") ||
           conf_why(why, room, "got %d", got);
}

const struct conf_table conf_replica_set_proportion = {
    .name = "replica_set_proportion", .check = check_proportion,
};

/* "none" and "" are no set. */
static bool is_number(const char *cell)
{
    return *cell >= '0' && *cell <= '9';
}

static bool check_scaling(const struct conf_row *row, char *why, size_t room)
{
    struct deployment d = deployment_from(row, "desired");
    int sizes[MOST], avail[MOST] = { 0 }, want[MOST];
    size_t nold = get_list(row, "old_rs_newest_first", sizes), n = nold, m;
    struct replicaset sets[MOST];
    const struct replicaset *list[MOST], *fresh = NULL;
    struct resize out[MOST];

    get_list(row, "old_rs_after_newest_first", want);
    make_sets(sets, list, sizes, avail, nold);
    for (size_t i = 0; i < nold; i++)
        list[i] = &sets[nold - 1 - i];
    if (is_number(conf_get(row, "new_rs"))) {
        sets[n] = (struct replicaset){
            .replicas = get_int(row, "new_rs"),
            .available = get_int(row, "new_available"),
        };
        sizes[n] = sets[n].replicas;
        want[n] = get_int(row, "new_rs_after");
        fresh = list[n] = &sets[n];
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        sets[i].desired = (int)conf_int(row, "annotated_desired", -1);
        sets[i].max = (int)conf_int(row, "annotated_max", -1);
    }
    m = deployment_scale(&d, fresh, list, n, out);
    for (size_t i = 0; i < m; i++)
        sizes[out[i].set - sets] = out[i].size;
    for (size_t i = 0; i < n; i++)
        if (sizes[i] != want[i])
            return conf_why(why, room, "set %zu gets %d", i, sizes[i]);
    return true;
}

const struct conf_table conf_proportional_scaling = {
    .name = "proportional_scaling", .check = check_scaling,
};

/* ---- status ------------------------------------------------------------- */

static bool check_complete(const struct conf_row *row, char *why, size_t room)
{
    struct deployment d = {
        .meta.generation = get_int(row, "generation"),
        .replicas = get_int(row, "spec_replicas"),
        .status_replicas = get_int(row, "status_replicas"),
        .updated = get_int(row, "updated"),
        .available = get_int(row, "available"),
        .observed_generation = get_int(row, "observed_generation"),
    };
    bool got = deployment_complete(&d, &d);

    return got == get_int(row, "complete") ||
           conf_why(why, room, "got %d", got);
}

const struct conf_table conf_deployment_complete = {
    .name = "deployment_complete", .check = check_complete,
};

static bool check_progressing(const struct conf_row *row, char *why,
                              size_t room)
{
    struct deployment was = {
        .status_replicas = get_int(row, "old_replicas"),
        .updated = get_int(row, "old_updated"),
        .ready = get_int(row, "old_ready"),
        .available = get_int(row, "old_available"),
    };
    struct deployment is = {
        .status_replicas = get_int(row, "new_replicas"),
        .updated = get_int(row, "new_updated"),
        .ready = get_int(row, "new_ready"),
        .available = get_int(row, "new_available"),
    };
    bool got = deployment_progressing(&was, &is);

    return got == get_int(row, "progressing") ||
           conf_why(why, room, "got %d", got);
}

const struct conf_table conf_deployment_progressing = {
    .name = "deployment_progressing", .check = check_progressing,
};

/* A Progressing condition with this reason: "absent", "empty" or a word. */
static struct condition condition_from(const char *reason, sim_time updated)
{
    struct condition c = { .status = CONDITION_TRUE, .updated = updated };

    if (strcmp(reason, "absent") == 0)
        return (struct condition){ 0 };
    c.reason = strcmp(reason, "empty") == 0 ? "" : reason;
    return c;
}

static sim_time get_seconds(const struct conf_row *row, const char *column)
{
    return (sim_time)(conf_real(row, column, 0) * (double)SIM_S);
}

static bool check_timed_out(const struct conf_row *row, char *why,
                            size_t room)
{
    struct deployment d = {
        .progress_deadline_s = (int)conf_int(row, "progress_deadline_seconds",
                                             NO_DEADLINE),
    };
    struct condition c = condition_from(conf_get(row, "condition_reason"),
                                        get_seconds(row, "last_update_s"));
    bool got = deployment_timed_out(&d, &c, get_seconds(row, "now_s"));

    return got == get_int(row, "timed_out") ||
           conf_why(why, room, "got %d", got);
}

const struct conf_table conf_deployment_timed_out = {
    .name = "deployment_timed_out", .check = check_timed_out,
};

static bool check_recheck(const struct conf_row *row, char *why, size_t room)
{
    sim_time now = get_seconds(row, "seconds_since_last_update"), got;
    struct deployment d = {
        .progress_deadline_s = (int)conf_int(row, "progress_deadline_seconds",
                                             NO_DEADLINE),
        .replicas = get_int(row, "spec_replicas"),
        .status_replicas = get_int(row, "st_replicas"),
        .updated = get_int(row, "st_updated"),
        .available = get_int(row, "st_available"),
        .progressing = condition_from(conf_get(row, "condition_reason"), 0),
    };

    got = deployment_recheck(&d, now);
    if (strcmp(conf_get(row, "requeue_after_s"), "none") == 0
            ? got == SIM_NEVER
            : got == get_seconds(row, "requeue_after_s"))
        return true;
    return conf_why(why, room, "got %g s", (double)got / (double)SIM_S);
}

const struct conf_table conf_deployment_requeue_stuck = {
    .name = "deployment_requeue_stuck", .check = check_recheck,
};

/* ---- Recreate ----------------------------------------------------------- */

/* "Running Failed+T -": is any pod in the way? */
static bool blocked_by(const char *pods)
{
    while (*pods) {
        size_t len = strcspn(pods, " +");
        bool blocks = false;

        for (int phase = 0; phase <= POD_UNKNOWN; phase++) {
            struct pod p = { .phase = (enum pod_phase)phase };

            if (strlen(pod_phase_names[phase]) == len &&
                strncmp(pod_phase_names[phase], pods, len) == 0)
                blocks = pod_blocks_recreate(&p);
        }
        if (blocks)
            return true;
        pods += strcspn(pods, " ");
        pods += *pods == ' ';
    }
    return false;
}

static bool cell_blocks(void *ctx, const struct replicaset *set)
{
    const struct conf_row *row = ctx;

    return blocked_by(conf_get(row, set->revision == 2 ? "new_rs_pods"
                                    : "old_pods(phase or phase+T when "
                                      "terminating)"));
}

static bool check_recreate(const struct conf_row *row, char *why, size_t room)
{
    struct replicaset old = {
        .revision = 1,
        .status_replicas = get_int(row, "old_rs_status_replicas"),
    };
    struct replicaset fresh = { .revision = 2 };
    const struct replicaset *sets[] = { &old, &fresh };
    struct deployment_view v = { .sets = sets, .nsets = 2,
                                 .blocked = cell_blocks,
                                 .ctx = (void *)row };
    bool got = deployment_old_pods_running(&v, &fresh);

    return got == get_int(row, "old_pods_running") ||
           conf_why(why, room, "got %d", got);
}

const struct conf_table conf_recreate_old_pods_running = {
    .name = "recreate_old_pods_running", .check = check_recreate,
};

/* ---- kubectl, queues ---------------------------------------------------- */

static bool check_status(const struct conf_row *row, char *why, size_t room)
{
    struct deployment d = {
        .meta = { .name = "web", .generation = get_int(row, "generation") },
        .observed_generation = get_int(row, "observed_generation"),
        .progressing = condition_from(conf_get(row, "progressing_reason"), 0),
        .replicas = get_int(row, "spec_replicas"),
        .status_replicas = get_int(row, "st_replicas"),
        .updated = get_int(row, "st_updated"),
        .available = get_int(row, "st_available"),
    };
    struct arena *a = arena_new();
    struct rollout_status got = rollout_status(a, &d);
    bool ok = got.done == get_int(row, "done") &&
              got.failed == get_int(row, "error") &&
              strcmp(got.message, conf_get(row, "message")) == 0;

    if (!ok)
        conf_why(why, room, "got done %d error %d %s", got.done, got.failed,
                 got.message);
    arena_free(a);
    return ok;
}

const struct conf_table conf_kubectl_rollout_status = {
    .name = "kubectl_rollout_status", .check = check_status,
};

static bool check_backoff(const struct conf_row *row, char *why, size_t room)
{
    sim_time got = workqueue_backoff(get_int(row, "failure_number"));

    return got == (sim_time)conf_real(row, "delay_ms", -1) * SIM_MS ||
           conf_why(why, room, "got %lld ms", (long long)(got / SIM_MS));
}

const struct conf_table conf_workqueue_retry_backoff = {
    .name = "workqueue_retry_backoff", .check = check_backoff,
};
