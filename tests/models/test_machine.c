/*
 * test_machine.c - work goes on slower while syncs have the cores.
 */
#include <check.h>

#include "models/machine.h"
#include "models/world.h"

#define SYNCS_MAX 3

struct lab {
    struct spec spec;
    struct world w;
    struct labour labour;
    double ended_ms;            /* < 0: not yet */
    double syncs[SYNCS_MAX][2];         /* from, to; node 1, 2, 3 */
};

static void ask(struct lab *lab, sim_time wait);

static void fire_ask(struct sim *sim, void *subject, int64_t arg)
{
    struct lab *lab = subject;
    sim_time left = labour_left(&lab->labour, &lab->w);

    (void)arg;
    if (left > 0)
        ask(lab, left);
    else
        lab->ended_ms = (double)sim_now(sim) / 1e6;
}

static const struct event_kind ev_ask = {
    .name = "ask", .rank = RANK_WORLD, .fire = fire_ask,
};

static void ask(struct lab *lab, sim_time wait)
{
    sim_after(lab->w.sim, wait, &ev_ask, lab, 0);
}

static void fire_sync(struct sim *sim, void *subject, int64_t node)
{
    struct lab *lab = subject;
    const double *s = lab->syncs[node - 1];

    if (sim_now(sim) == (sim_time)(s[0] * 1e6))
        machine_sync_begins(&lab->w, (object_uid)node,
                            (sim_time)(s[1] * 1e6));
    else
        machine_sync_over(&lab->w, (object_uid)node);
}

static const struct event_kind ev_sync = {
    .name = "sync", .rank = RANK_RULES, .fire = fire_sync,
};

static const struct {
    enum machine of;
    double waits, ahead, takes;
    double syncs[SYNCS_MAX][2];
    double ends;
} works[] = {
    /* nothing syncs; it begins at 10 ms */
    { MACHINE_CLUSTER, 0, 0, 50, { { 0, 0 } }, 60 },
    { MACHINE_CLUSTER, 0, 7, 50, { { 0, 0 } }, 67 },
    /* one of two cores is taken: at 60 %, the whole time, and 30 ms of it */
    { MACHINE_CLUSTER, 0, 0, 60, { { 5, 500 } }, 110 },
    { MACHINE_CLUSTER, 0, 0, 60, { { 5, 40 } }, 82 },
    /* both, and a third that finds none: at 20 %, 100 ms of it */
    { MACHINE_CLUSTER, 0, 0, 60, { { 20, 120 }, { 20, 120 } }, 150 },
    { MACHINE_CLUSTER, 0, 0, 60, { { 20, 120 }, { 20, 120 }, { 20, 120 } },
      150 },
    /* a sync that begins when half is done, one that ends before */
    { MACHINE_CLUSTER, 0, 0, 60, { { 40, 60 }, { 1, 9 } }, 78 },
    /* what waits is not held up: the last 10 of 60 ms are, or none */
    { MACHINE_CLUSTER, 50, 0, 60, { { 5, 500 }, { 5, 500 } }, 110 },
    { MACHINE_CLUSTER, 60, 0, 60, { { 5, 500 }, { 5, 500 } }, 70 },
    { MACHINE_CLUSTER, 50, 20, 60, { { 5, 500 }, { 5, 85 } }, 100 },
    /* on node 1, where only its own proxy counts */
    { MACHINE_NODE, 0, 0, 60, { { 5, 500 }, { 5, 500 } }, 110 },
    { MACHINE_NODE, 0, 0, 60, { { 0, 0 }, { 5, 500 } }, 70 },
};

START_TEST(work_waits_for_the_cores_that_syncs_have)
{
    struct arena *a = arena_new();
    struct lab *lab = arena_make(a, struct lab);

    lab->spec.cluster.timings.together[TIMING_TEARDOWN] = (struct together){
        .of = (int)works[_i].of, .speed = 0.2, .cores = 2,
        .waits = (sim_time)(works[_i].waits * 1e6) };
    lab->w.arena = a;
    lab->w.spec = &lab->spec;
    lab->w.sim = sim_new(a, "lab");
    lab->w.machines = machines_new(&lab->w);
    lab->ended_ms = -1;
    ck_assert_ptr_nonnull(lab->w.machines);
    for (int i = 0; i < SYNCS_MAX; i++) {
        lab->syncs[i][0] = works[_i].syncs[i][0];
        lab->syncs[i][1] = works[_i].syncs[i][1];
        for (int k = 0; k < 2 && lab->syncs[i][1] > 0; k++)
            sim_at(lab->w.sim, (sim_time)(lab->syncs[i][k] * 1e6), &ev_sync,
                   lab, i + 1);
    }
    sim_run(lab->w.sim, 10 * SIM_MS);
    ask(lab, labour_begin(&lab->labour, &lab->w, TIMING_TEARDOWN, 1,
                          (sim_time)(works[_i].ahead * 1e6),
                          (sim_time)(works[_i].takes * 1e6)));
    sim_run(lab->w.sim, SIM_S);
    ck_assert_double_eq_tol(lab->ended_ms, works[_i].ends, 1e-4);
    arena_free(a);
}
END_TEST

/* Without a speed there are no machines, and nothing is held up. */
START_TEST(rows_without_a_speed_are_never_held_up)
{
    struct arena *a = arena_new();
    struct lab *lab = arena_make(a, struct lab);

    lab->w.arena = a;
    lab->w.spec = &lab->spec;
    lab->w.sim = sim_new(a, "lab");
    lab->w.machines = machines_new(&lab->w);
    ck_assert_ptr_null(lab->w.machines);
    machine_sync_begins(&lab->w, 1, SIM_S);
    ck_assert_int_eq(labour_begin(&lab->labour, &lab->w, TIMING_TEARDOWN, 1, 5,
                                  50), 55);
    ck_assert_int_eq(labour_left(&lab->labour, &lab->w), 0);
    ck_assert_int_eq(labour_begin(&lab->labour, &lab->w, TIMING_TEARDOWN, 1, 5,
                                  SIM_NEVER), SIM_NEVER);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("machine");
    TCase *tc = tcase_create("machine");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, work_waits_for_the_cores_that_syncs_have, 0,
                        (int)(sizeof(works) / sizeof(works[0])));
    tcase_add_test(tc, rows_without_a_speed_are_never_held_up);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
