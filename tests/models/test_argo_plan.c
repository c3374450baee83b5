/*
 * test_argo_plan.c - invariants of Rollouts at every pass (reference 8.6).
 *
 * Random Rollouts in a world of rounds: one pass over what there is, then pods
 * become ready, some fail, and now and then a person sets a new template, goes
 * back, aborts, retries, promotes, pauses or scales.  Whatever happens:
 *
 *   by pods, a pass never asks for more than replicas + maxSurge (unless that
 *   was lowered, or there are more already), and takes pods away only as long as
 *   replicas - maxUnavailable stay available, or those that are not;
 *   weights are 0 to the most and add up to it; a pass takes one step at most;
 *   an abort never raises the weight of the canary; promoted is stable; a pass
 *   that has nothing to do writes nothing; left alone, a Rollout whose pods come
 *   becomes healthy.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "kernel/rng.h"
#include "models/api.h"
#include "models/argo.h"

#define WORLDS 1000
#define ROUNDS 120
#define SETS 64

struct toy_set {
    struct replicaset rs;
    bool never;                 /* its pods do not become ready */
    bool gone;
};

struct toy {
    struct arena *a, *scratch;
    struct stream luck;
    struct argo r;
    struct toy_set sets[SETS];
    size_t nsets;
    const char *stable_hash, *canary_hash;      /* that the Services select */
    const struct value *route;
    int version;
    bool bad[SETS];             /* versions whose pods never come */
    sim_time now;
    const char *strategy;       /* of the Rollout */
    int quiet;                  /* rounds since a person did something */
};

static int pick(struct toy *t, int n)
{
    return (int)stream_below(&t->luck, (uint32_t)n);
}

/* ---- the Rollout -------------------------------------------------------- */

static const char *const routing[] = {
    "", "stableService: s, canaryService: c, trafficRouting: {}, ",
    "stableService: s, canaryService: c, trafficRouting: {}, "
    "dynamicStableScale: true, ",
};

static struct argo *decode(struct toy *t, int version, int replicas)
{
    struct err_list errors;
    struct meta *m;

    err_init(&errors, t->a);
    m = kind_ops_of(KIND_ROLLOUT)->decode(t->a, value_flow(t->a, arena_printf(
        t->a, "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: "
        "{name: web}, spec: {replicas: %d, selector: {matchLabels: {app: "
        "web}}, template: {metadata: {labels: {app: web}}, spec: {containers: "
        "[{name: web, image: \"web:%d\"}]}}, strategy: {canary: %s}}}",
        replicas, version, t->strategy), NULL), &errors);
    ck_assert_msg(errors.errors == 0, "%s", errors.errors
                                                ? errors.items[0].text : "");
    return argo_of(m);
}

static void spec(struct toy *t, int version, int replicas)
{
    struct argo *r = decode(t, version, replicas);

    if (t->r.template)
        argo_copy_status(r, &t->r);
    r->paused = t->r.template && t->r.paused;
    r->meta.uid = 1;
    r->meta.space = "default";
    r->meta.generation = t->r.meta.generation + 1;
    t->r = *r;
    t->version = version;
    t->quiet = 0;
}

/* Some steps, a surge, a router or none. */
static void choose_strategy(struct toy *t)
{
    char steps[256] = "";
    int n = pick(t, 4), weight = 0, surge = pick(t, 3), missing = pick(t, 3);

    for (int i = 0; i < n; i++) {
        weight += 1 + pick(t, 40);
        snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps),
                 "{setWeight: %d}, {pause: {duration: %d}}%s",
                 weight > 100 ? 100 : weight, pick(t, 30),
                 i + 1 < n ? ", " : "");
    }
    t->strategy = arena_printf(
        t->a, "{%smaxSurge: %d, maxUnavailable: %d, steps: [%s]}",
        routing[pick(t, COUNT_OF(routing))], surge,
        surge == 0 && missing == 0 ? 1 : missing, steps);
}

/* ---- what a pass sees --------------------------------------------------- */

static const char *selected(void *ctx, const char *service)
{
    struct toy *t = ctx;
    const char *hash = *service == 's' ? t->stable_hash : t->canary_hash;

    return hash ? hash : "";
}

static enum argo_verdict analysed(void *ctx, enum argo_run run,
                                  unsigned index, const struct value *block,
                                  const char **message)
{
    (void)ctx;
    (void)run;
    (void)index;
    (void)block;
    *message = NULL;
    return VERDICT_RUNNING;
}

static size_t older_pods(void *ctx, const struct replicaset *set, sim_time at,
                         const object_uid **pods)
{
    (void)ctx;
    (void)set;
    (void)at;
    (void)pods;
    return 0;
}

/* ---- the invariants ----------------------------------------------------- */

static int sum_of(const struct toy *t, int (*of)(const struct replicaset *))
{
    int sum = 0;

    for (size_t i = 0; i < t->nsets; i++)
        sum += t->sets[i].gone ? 0 : of(&t->sets[i].rs);
    return sum;
}

static int asked(const struct replicaset *rs)
{
    return rs->replicas;
}

static int available(const struct replicaset *rs)
{
    return rs->available;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static int kept(const struct replicaset *rs)
{
    return min_int(rs->available, rs->replicas);
}

static void check_sizes(const struct toy *t, int before, int up,
                        const struct argo *r)
{
    int most = r->replicas + argo_max_surge(r);
    int least = r->replicas - argo_max_unavailable(r);

    if (r->routed)
        return;
    ck_assert_int_le(sum_of(t, asked), max_int(most, before));
    ck_assert_int_ge(sum_of(t, kept), min_int(least, up));
}

static void check_status(const struct argo *before, const struct argo *r)
{
    bool same = before->current && r->current &&
                strcmp(before->current, r->current) == 0;

    ck_assert_int_le(r->step, (int)r->nsteps);
    if (r->canary_weight >= 0) {
        ck_assert_int_ge(r->stable_weight, 0);
        ck_assert_int_eq(r->canary_weight + r->stable_weight, r->max_weight);
    }
    if (same && before->stable && strcmp(before->stable, before->current) != 0
        && !before->promote_full && !before->fast && !r->aborted &&
        !before->aborted && r->step > before->step)
        ck_assert_int_eq(r->step, before->step + 1);
    if (same && before->aborted && r->aborted && before->canary_weight >= 0)
        ck_assert_int_le(r->canary_weight, before->canary_weight);
    if (r->phase == ARGO_HEALTHY)
        ck_assert_str_eq(r->stable, r->current);
}

/* ---- a pass ------------------------------------------------------------- */

static struct toy_set *toy_set_of(struct toy *t, object_uid uid)
{
    return &t->sets[uid - 10];
}

static void create(struct toy *t, const struct replicaset *rs)
{
    struct toy_set *s;

    ck_assert_uint_lt(t->nsets, SETS);
    s = &t->sets[t->nsets];
    s->rs = *rs;
    s->rs.meta.uid = 10 + t->nsets;
    s->rs.meta.created = t->now;
    s->never = t->bad[t->version];
    t->nsets++;
}

static void carry_out(struct toy *t, const struct argo_write *w,
                      const struct argo *r)
{
    struct replicaset *rs;

    switch (w->verb) {
    case ARGO_CREATE:
        create(t, w->set);
        break;
    case ARGO_UPDATE:
        rs = &toy_set_of(t, w->set->meta.uid)->rs;
        rs->meta.annotations = w->set->meta.annotations;
        rs->replicas = w->set->replicas;
        rs->revision = w->set->revision;
        rs->desired = w->set->desired;
        break;
    case ARGO_DELETE:
        toy_set_of(t, w->set->meta.uid)->gone = true;
        break;
    case ARGO_SELECT:
        *(*w->service == 's' ? &t->stable_hash : &t->canary_hash) = w->hash;
        break;
    case ARGO_ROUTE:
        t->route = w->route;
        break;
    case ARGO_STATUS:
        argo_copy_status(&t->r, r);
        break;
    case ARGO_EVICT:
        ck_abort_msg("nothing is to be restarted");
    }
}

/* One pass; the number of its writes. */
static size_t pass(struct toy *t)
{
    const struct replicaset *sets[SETS];
    struct argo_view v = { .seen = &t->r, .sets = sets, .selected = selected,
                           .analysed = analysed, .older_pods = older_pods,
                           .restart_at = SIM_NEVER, .route = t->route,
                           .ctx = t, .now = t->now, .keep = t->a,
                           .scratch = t->scratch };
    struct argo before = t->r;
    int n = sum_of(t, asked), up = sum_of(t, available);
    struct argo_plan plan;

    arena_reset(t->scratch);
    for (size_t i = 0; i < t->nsets; i++)
        if (!t->sets[i].gone)
            sets[v.nsets++] = arena_memdup(t->a, &t->sets[i].rs,
                                           sizeof(struct replicaset));
    argo_plan(&v, &plan);
    for (size_t i = 0; i < plan.writes.len; i++)
        carry_out(t, &plan.writes.items[i], &plan.r);
    check_sizes(t, n, up, &t->r);
    check_status(&before, &t->r);
    return plan.writes.len;
}

/* ---- pods, people ------------------------------------------------------- */

/* Pods come and go at once, and some are ready later; a few fail. */
static void live(struct toy *t, bool fail)
{
    for (size_t i = 0; i < t->nsets; i++) {
        struct toy_set *s = &t->sets[i];
        struct replicaset *rs = &s->rs;

        rs->status_replicas = rs->replicas;
        rs->available = min_int(rs->available, rs->replicas);
        if (!s->never && rs->available < rs->replicas && pick(t, 2))
            rs->available += 1 + pick(t, rs->replicas - rs->available);
        if (fail && rs->available > 0 && pick(t, 40) == 0)
            rs->available--;
        rs->ready = rs->available;
    }
}

static void abort_it(struct toy *t)
{
    t->r.aborted = true;
    t->r.aborted_at = t->now;
    t->r.pauses = 0;
    t->r.promote_full = false;
}

static void retry_it(struct toy *t)
{
    t->r.aborted = t->r.promoted_once = false;
    t->r.pauses = 0;
    t->r.step = 0;
}

static void act(struct toy *t)
{
    switch (pick(t, 8)) {
    case 0:
    case 1:
        if (t->version + 1 < 20) {
            t->bad[t->version + 1] = pick(t, 4) == 0;
            spec(t, t->version + 1, t->r.replicas);
        }
        break;
    case 2:
        spec(t, 1 + pick(t, t->version), t->r.replicas);
        break;
    case 3:
        spec(t, t->version, 1 + pick(t, 8));
        break;
    case 4:
        if (t->r.stable && strcmp(t->r.stable, t->r.current) != 0)
            abort_it(t);
        break;
    case 5:
        if (t->r.aborted)
            retry_it(t);
        break;
    case 6:
        t->r.promote_full = t->r.stable && t->r.current &&
                            strcmp(t->r.stable, t->r.current) != 0;
        t->r.pauses = 0;
        break;
    case 7:
        t->r.paused = !t->r.paused;
        break;
    }
    t->quiet = 0;
}

/* ---- tests -------------------------------------------------------------- */

static struct toy *toy_new(uint64_t seed)
{
    struct arena *a = arena_new();
    struct toy *t = arena_make(a, struct toy);

    t->a = a;
    t->scratch = arena_new();
    stream_init(&t->luck, seed, 1, 1, 0);
    choose_strategy(t);
    spec(t, 1, 1 + pick(t, 8));
    return t;
}

static void toy_free(struct toy *t)
{
    arena_free(t->scratch);
    arena_free(t->a);
}

static void round_of(struct toy *t, bool fail)
{
    t->now += SIM_S;
    pass(t);
    live(t, fail);
}

START_TEST(invariants_hold_at_every_pass)
{
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct toy *t = toy_new(seed);

        for (int i = 0; i < ROUNDS; i++) {
            if (pick(t, 12) == 0)
                act(t);
            round_of(t, true);
        }
        toy_free(t);
    }
}
END_TEST

START_TEST(left_alone_it_becomes_healthy_and_rests)
{
    for (uint64_t seed = 1; seed <= WORLDS / 4; seed++) {
        struct toy *t = toy_new(seed);

        for (int i = 0; i < 200; i++)
            round_of(t, false);
        spec(t, 2, t->r.replicas);
        for (int i = 0; i < 500; i++)
            round_of(t, false);
        ck_assert_msg(t->r.phase == ARGO_HEALTHY, "seed %d: %s, step %d of %zu",
                      (int)seed, t->strategy, t->r.step, t->r.nsteps);
        ck_assert_int_eq(sum_of(t, asked), t->r.replicas);
        t->now += SIM_S;
        ck_assert_uint_eq(pass(t), 0);
        toy_free(t);
    }
}
END_TEST

int main(void)
{
    int failed;
    Suite *s = suite_create("argo-plan");
    TCase *c = tcase_create("argo-plan");
    SRunner *runner = srunner_create(s);

    tcase_set_timeout(c, 120);
    tcase_add_test(c, invariants_hold_at_every_pass);
    tcase_add_test(c, left_alone_it_becomes_healthy_and_rests);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
