/*
 * test_kubelet_probes.c - when the kubelet learns that a process can answer.
 *
 * Worked out by hand from reference section 5.4.  Closed forms (P1 to P3) are
 * in tests/theory.
 */
#include "models/podlife.h"
#include "toy_kubelet.h"

#define S(seconds) dist_constant((sim_time)((seconds) * 1e9))

static const struct probe every10 = TOY_PROBE(10, 3);

/* Ticks of a 10 s readiness probe from time 0 on. */
START_TEST(ready_comes_at_the_first_tick_after_listening)
{
    static const struct {
        double startup;
        const char *log;
    } cases[] = {
        { 0, "0 listen a; 0 Running Ready; " },
        { 10, "0 Running; 10 listen a; 10 Running Ready; " },
        { 12, "0 Running; 12 listen a; 20 Running Ready; " },
        { 1200.5, "0 Running; 1200.5 listen a; 1210 Running Ready; " },
    };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].readiness = &every10;
    toy_open(&t, _i % 2 ? KUBE_1_20 : KUBE_1_36);
    toy_image(&t, "a")->startup = S(cases[_i / 2].startup);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 3000);
    toy_expect(&t, cases[_i / 2].log);
    toy_close_world(&t);
}
END_TEST

/* The loop begins with the worker at 0, the container runs at 4 and is noticed
 * at 4.5.  1.36 probes at 4.5 (not listening) and then at 14.5; 1.20 at 10. */
START_TEST(since_1_36_ticks_count_from_the_first_notice)
{
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].readiness = &every10;
    toy_open(&t, _i ? KUBE_1_20 : KUBE_1_36);
    toy_timing(&t, TIMING_CONTAINER_START, 4);
    toy_timing(&t, TIMING_NOTICE, 0.5);
    toy_image(&t, "a")->startup = S(2);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 3000);
    toy_expect(&t, _i ? "0 Pending ContainerCreating; 4.5 Running; "
                        "6 listen a; 10 Running Ready; "
                      : "0 Pending ContainerCreating; 4.5 Running; "
                        "6 listen a; 14.5 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* 1.20 in a real profile: the ticks begin anywhere in the first period, unless
 * the cluster says otherwise. */
START_TEST(in_1_20_the_first_tick_is_random)
{
    struct container c[] = { TOY_CONTAINER("a") };
    double sum = 0;

    c[0].readiness = &every10;
    for (int i = 0; i < 40; i++) {
        struct toy t;
        double at;

        toy_open(&t, KUBE_1_20);
        t.spec->cluster.profile = PROFILE_DEFAULT;
        t.spec->cluster.probe_at_start = i % 2;
        t.spec->seed = (uint64_t)i;
        toy_start(&t);
        toy_bind(&t, toy_pod(&t, c, 1));
        toy_run(&t, 0);
        t.log.len = 0;
        toy_run(&t, 60);
        at = t.log.len > 0 ? strtod(t.log.text, NULL) : 0;
        ck_assert(i % 2 ? at <= 0 : at > 0 && at < 10);
        sum += at;
        toy_close_world(&t);
    }
    /* mean of 20 uniforms on (0, 10): 5 with standard deviation 0.65 */
    ck_assert_double_eq_tol(sum / 20, 5, 3.3 * 0.65);
}
END_TEST

/* No probe before 15 s of the container: ticks at 0, 10, 20. */
START_TEST(the_initial_delay_skips_ticks)
{
    static const struct probe late = { .handler = PROBE_TCP, .period_s = 10,
        .initial_delay_s = 15, .timeout_s = 1, .success_threshold = 1,
        .failure_threshold = 3, .grace_s = -1 };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].readiness = &late;
    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 3000);
    toy_expect(&t, "0 listen a; 0 Running; 20 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* Three successes in a row: 20, 30, 40. */
START_TEST(the_success_threshold_counts)
{
    static const struct probe thrice = { .handler = PROBE_HTTP,
        .period_s = 10, .timeout_s = 1, .success_threshold = 3,
        .failure_threshold = 3, .grace_s = -1 };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].readiness = &thrice;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->startup = S(12);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 3000);
    toy_expect(&t, "0 Running; 12 listen a; 40 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* A startup probe each second holds the others back; when it has passed (at
 * 33) readiness is probed at once in 1.36, at its next tick (40) in 1.20. */
START_TEST(a_startup_probe_holds_the_others_back)
{
    static const struct probe startup = TOY_PROBE(1, 60);
    static const struct probe liveness = TOY_PROBE(5, 1);
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].readiness = &every10;
    c[0].startup = &startup;
    c[0].liveness = &liveness;
    toy_open(&t, _i ? KUBE_1_20 : KUBE_1_36);
    toy_image(&t, "a")->startup = S(32.5);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 3000);
    toy_expect(&t, _i ? "0 Running; 32.5 listen a; 40 Running Ready; "
                      : "0 Running; 32.5 listen a; 33 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* Ticks at 0 to 4 fail: killed at 4; it drains at once and starts anew. */
START_TEST(a_startup_probe_gives_up)
{
    static const struct probe startup = TOY_PROBE(1, 5);
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].startup = &startup;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->startup = S(100);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 6);
    toy_expect(&t, "0 Running; 4 drained a; 4 Running restarted; ");
    toy_close_world(&t);
}
END_TEST

/* It hangs at 101.  Readiness (every 10 s, 3 failures, time-out 1 s): probes at
 * 110, 120, 130 end at 131.  Liveness (every 20 s, 3 failures): 120, 140, 160
 * end at 161; a hung process takes no notice of SIGTERM and is killed 30 s
 * later; the next run answers at once. */
START_TEST(a_hang_is_found_by_time_outs)
{
    static const struct probe liveness = TOY_PROBE(20, 3);
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].readiness = &every10;
    c[0].liveness = &liveness;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->hang = S(101);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 200);
    toy_expect(&t, "0 listen a; 0 Running Ready; 101 hang a; 131 Running; "
                   "191 killed a; 191 listen a; "
                   "191 Running Ready restarted; ");
    toy_close_world(&t);
}
END_TEST

/* The probe's own grace goes before the pod's: killed 5 s after 21. */
START_TEST(a_liveness_probe_can_have_its_own_grace)
{
    static const struct probe liveness = { .handler = PROBE_HTTP,
        .period_s = 10, .timeout_s = 1, .success_threshold = 1,
        .failure_threshold = 1, .grace_s = 5 };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].liveness = &liveness;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->hang = S(11);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 30);
    toy_expect(&t, "0 listen a; 0 Running Ready; 11 hang a; 26 killed a; "
                   "26 listen a; 26 Running Ready restarted; ");
    toy_close_world(&t);
}
END_TEST

/* ---- what the application says of itself -------------------------------- */

START_TEST(readiness_is_what_the_image_says)
{
    static const struct {
        struct readiness r;
        bool probe;
        const char *log;
    } cases[] = {
        { { .mode = READINESS_NEVER }, true, "0 listen a; 0 Running; " },
        { { .mode = READINESS_NEVER }, false, "0 listen a; 0 Running; " },
        { { .mode = READINESS_AFTER, .after = DIST_CONST(7.0) }, true,
          "0 listen a; 0 Running; 7 Running Ready; " },
        { { .mode = READINESS_AFTER, .after = DIST_CONST(0.0) }, false,
          "0 listen a; 0 Running Ready; " },
        { { .mode = READINESS_FLAP, .up = DIST_CONST(25.0),
            .down = DIST_CONST(8.0) }, false,
          "0 listen a; 0 Running Ready; 25 Running; 33 Running Ready; "
          "58 Running; 66 Running Ready; " },
        /* down 25 to 65: three failures, seen at 30, 40, 50; 1.36 probes
         * once more at 50 and from there on: up again at 70 */
        { { .mode = READINESS_FLAP, .up = DIST_CONST(25.0),
            .down = DIST_CONST(40.0) }, true,
          "0 listen a; 0 Running Ready; 50 Running; 70 Running Ready; " },
        /* too short to be seen */
        { { .mode = READINESS_FLAP, .up = DIST_CONST(31.0),
            .down = DIST_CONST(8.0) }, true,
          "0 listen a; 0 Running Ready; " },
        { { .never_first = 1 }, true, "0 listen a; 0 Running; " },
        { { .mode = READINESS_AFTER, .after = DIST_CONST(3.0),
            .lose = DIST_CONST(4.0) }, false,
          "0 listen a; 0 Running; 3 Running Ready; 7 Running; " },
        { { .lose = DIST_CONST(4.0) }, true,
          "0 listen a; 0 Running Ready; 30 Running; " },
    };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;
    struct readiness *r;

    if (cases[_i].probe)
        c[0].readiness = &every10;
    toy_open(&t, KUBE_1_36);
    r = &toy_image(&t, "a")->readiness;
    *r = cases[_i].r;
    if (r->lose.fixed == 0)
        r->lose = dist_never();
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 80);
    toy_expect(&t, cases[_i].log);
    toy_close_world(&t);
}
END_TEST

START_TEST(a_readiness_gate_keeps_a_pod_unready)
{
    static const char *const gates[] = { "example.com/ok" };
    struct toy t;
    static const struct container c[] = { TOY_CONTAINER("a") };
    struct pod_spec *s;
    object_uid pod;

    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    s = toy_pod(&t, c, 1);
    s->readiness_gates = gates;
    s->nreadiness_gates = 1;
    pod = toy_bind(&t, s);
    toy_run(&t, 300);
    toy_expect(&t, "0 listen a; 0 Running; ");
    ck_assert(toy_see(&t, pod)->containers_ready);
    toy_close_world(&t);
}
END_TEST

/* ---- cost --------------------------------------------------------------- */

/* A healthy pod that is probed each second costs nothing in an hour. */
START_TEST(steady_probes_are_no_events)
{
    static const struct probe often = TOY_PROBE(1, 3);
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;
    uint64_t before;

    c[0].readiness = &often;
    c[0].liveness = &often;
    toy_open(&t, _i ? KUBE_1_20 : KUBE_1_36);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 10);
    before = sim_fired(t.w->sim);
    toy_run(&t, 3600);
    ck_assert_uint_eq(sim_fired(t.w->sim), before);
    ck_assert_uint_eq(sim_live(t.w->sim), 0);
    toy_close_world(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kubelet_probes");
    TCase *tc = tcase_create("probes");
    SRunner *sr;
    int failed;

    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, ready_comes_at_the_first_tick_after_listening, 0,
                        8);
    tcase_add_loop_test(tc, since_1_36_ticks_count_from_the_first_notice, 0,
                        2);
    tcase_add_test(tc, in_1_20_the_first_tick_is_random);
    tcase_add_test(tc, the_initial_delay_skips_ticks);
    tcase_add_test(tc, the_success_threshold_counts);
    tcase_add_loop_test(tc, a_startup_probe_holds_the_others_back, 0, 2);
    tcase_add_test(tc, a_startup_probe_gives_up);
    tcase_add_test(tc, a_hang_is_found_by_time_outs);
    tcase_add_test(tc, a_liveness_probe_can_have_its_own_grace);
    tcase_add_loop_test(tc, readiness_is_what_the_image_says, 0, 10);
    tcase_add_test(tc, a_readiness_gate_keeps_a_pod_unready);
    tcase_add_loop_test(tc, steady_probes_are_no_events, 0, 2);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
