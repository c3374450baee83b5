/*
 * test_kubelet.c - from bound to running, and running again.
 *
 * Every time line was worked out by hand from reference sections 5.1 to 5.3
 * and 5.8; the log is the one of toy_kubelet.h.
 */
#include "models/config.h"
#include "toy_kubelet.h"

#define S(seconds) dist_constant((sim_time)((seconds) * 1e9))

static const struct container one[] = { TOY_CONTAINER("a") };
static const struct container two[] = { TOY_CONTAINER("a"),
                                        TOY_CONTAINER("b") };

/* Each step takes its time and only what the kubelet has noticed is told:
 * worker at 1, volumes 3, sandbox 6, image 10, process 15, noticed 15.5; each
 * write takes 0.25. */
START_TEST(a_pod_starts_step_by_step)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_KUBELET_SYNC, 1);
    toy_timing(&t, TIMING_VOLUMES, 2);
    toy_timing(&t, TIMING_SANDBOX, 3);
    toy_timing(&t, TIMING_IMAGE_PULL, 4);
    toy_timing(&t, TIMING_CONTAINER_START, 5);
    toy_timing(&t, TIMING_NOTICE, 0.5);
    toy_timing(&t, TIMING_KUBELET_WRITE, 0.25);
    toy_image(&t, "a")->startup = S(7);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 3000);
    toy_expect(&t, "1.25 Pending ContainerCreating; 15.75 Running Ready; "
                   "22 listen a; ");
    toy_close_world(&t);
}
END_TEST

/* With no latency at all, one write says it all. */
START_TEST(without_latencies_one_write_is_enough)
{
    struct toy t;
    object_uid pod;

    toy_open(&t, KUBE_1_20);
    toy_start(&t);
    pod = toy_bind(&t, toy_pod(&t, two, 2));
    toy_run(&t, 3000);
    toy_expect(&t, "0 listen a; 0 listen b; 0 Running Ready; ");
    ck_assert_uint_ne(toy_see(&t, pod)->ip, 0);
    ck_assert(toy_see(&t, pod)->initialized);
    ck_assert_int_eq(toy_see(&t, pod)->started, 0);
    toy_close_world(&t);
}
END_TEST

/* The second container begins when the first is there and its postStart hook
 * is over; the pod is Pending until all run. */
START_TEST(containers_start_one_after_the_other)
{
    struct container c[] = { TOY_CONTAINER("a"), TOY_CONTAINER("b") };
    struct toy t;

    c[0].post_start = (struct hook){ .kind = HOOK_SLEEP, .takes = 4 * SIM_S };
    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_CONTAINER_START, 1);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 2));
    toy_run(&t, 3000);
    toy_expect(&t, "0 Pending ContainerCreating; 1 listen a; 6 listen b; "
                   "6 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* ---- images ------------------------------------------------------------- */

/* Two pods of image a (10 s) and one of b (5 s): a, b in line; the second pod
 * of a finds it pulled, and asking takes 1 s.  Later a is simply there. */
START_TEST(pulls_are_serial_and_remembered)
{
    static const struct container other[] = { TOY_CONTAINER("b") };
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_IMAGE_PULL, 10);
    toy_timing(&t, TIMING_IMAGE_CHECK, 1);
    toy_image(&t, "b")->pull = S(5);
    toy_image(&t, "b")->pull_set = true;
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_bind(&t, toy_pod(&t, other, 1));
    toy_bind(&t, toy_pod(&t, one, 1));
    t.names = true;
    toy_run(&t, 5);
    t.log.len = 0;
    toy_run(&t, 30);
    toy_expect(&t, "10 listen a; 10 Running Ready p2; "
                   "15 listen b; 15 Running Ready p3; "
                   "16 listen a; 16 Running Ready p4; ");
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 60);
    toy_expect(&t, "30 listen a; 30 Running Ready p5; ");
    toy_close_world(&t);
}
END_TEST

/* Always asks first; a slow registry is slow for checks and pulls; the size
 * counts at 40 MB/s. */
START_TEST(the_registry_can_be_slow)
{
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].pull = PULL_ALWAYS;
    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_IMAGE_CHECK, 1);
    toy_image(&t, "a")->size_bytes = 80e6;
    toy_start(&t);
    kubelets_slow_registry(t.w, 3);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 50);
    toy_expect(&t, "0 Pending ContainerCreating; 6 listen a; "
                   "6 Running Ready; ");
    kubelets_slow_registry(t.w, 1);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 100);
    toy_expect(&t, "50 Pending ContainerCreating; 51 listen a; "
                   "51 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* An image that cannot be had: error at 0; the next sync is 10 s later, when
 * the back-off of 10 s is over: error; 10 s later it is not (20 s): back-off;
 * 1.36 comes back when it is over, at 30. */
START_TEST(a_missing_image_backs_off)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->pull = dist_never();
    toy_image(&t, "a")->pull_set = true;
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 35);
    toy_expect(&t, "0 Pending ErrImagePull; "
                   "20 Pending ImagePullBackOff; 30 Pending ErrImagePull; ");
    toy_close_world(&t);
}
END_TEST

START_TEST(an_image_that_may_not_be_pulled_is_waited_for)
{
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].pull = PULL_NEVER;
    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 3);
    toy_expect(&t, "0 Pending ErrImageNeverPull; ");
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 100);
    toy_expect(&t, "3 listen a; 3 Running Ready; 10 listen a; "
                   "10 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* ---- restarts ----------------------------------------------------------- */

/* It dies 5 s after each start; restarts after 0, 10, 20, 40 s, as in the first
 * row of the table crashloop_backoff. */
START_TEST(a_crashing_container_backs_off)
{
    struct toy t;
    object_uid pod;

    toy_open(&t, _i ? KUBE_1_20 : KUBE_1_36);
    toy_image(&t, "a")->crash.every = S(5);
    toy_start(&t);
    pod = toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 44);
    toy_expect(&t, "0 listen a; 0 Running Ready; "
                   "5 crashed a; 5 listen a; 5 Running Ready restarted; "
                   "10 crashed a; 10 Running CrashLoopBackOff; "
                   "20 listen a; 20 Running Ready restarted; "
                   "25 crashed a; 25 Running CrashLoopBackOff; ");
    toy_run(&t, 46);
    toy_expect(&t, "45 listen a; 45 Running Ready restarted; ");
    ck_assert_int_eq(toy_see(&t, pod)->max_restarts, 3);
    toy_close_world(&t);
}
END_TEST

/* What is noticed late is restarted late: exits count from when they were. */
START_TEST(an_exit_is_noticed_when_the_runtime_is_listed)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_NOTICE, 0.5);
    toy_image(&t, "a")->crash.every = S(5);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 25);
    toy_expect(&t, "0 listen a; 0 Pending ContainerCreating; "
                   "0.5 Running Ready; 5 crashed a; "
                   "5.5 listen a; 5.5 Running; 6 Running Ready restarted; "
                   "10.5 crashed a; 11 Running CrashLoopBackOff; "
                   "20.5 listen a; 21 Running Ready restarted; ");
    toy_close_world(&t);
}
END_TEST

/* In a real profile retries are late by up to a half of the delay. */
START_TEST(back_off_is_late_by_up_to_a_half)
{
    for (int i = 0; i < 20; i++) {
        struct toy t;
        double at;

        toy_open(&t, KUBE_1_36);
        t.spec->cluster.profile = PROFILE_DEFAULT;
        t.spec->seed = (uint64_t)i;
        toy_image(&t, "a")->crash.every = S(5);
        toy_start(&t);
        toy_bind(&t, toy_pod(&t, one, 1));
        toy_run(&t, 10.5);
        t.log.len = 0;
        toy_run(&t, 29);
        at = strtod(t.log.text, NULL);
        ck_assert_double_ge(at, 20);
        ck_assert_double_lt(at, 25);
        toy_close_world(&t);
    }
}
END_TEST

/* Reference 5.1: Never fails, OnFailure restarts failures only. */
START_TEST(restart_policies_end_pods)
{
    static const struct {
        enum restart_policy restart;
        double fails;
        const char *log;
    } cases[] = {
        { RESTART_NEVER, 0, "5 finished a; 5 network gone a; "
                            "5 Succeeded; " },
        { RESTART_NEVER, 1, "5 crashed a; 5 network gone a; 5 Failed; " },
        { RESTART_ON_FAILURE, 0, "5 finished a; 5 network gone a; "
                                 "5 Succeeded; " },
        { RESTART_ON_FAILURE, 1, "5 crashed a; 5 listen a; "
                                 "5 Running Ready restarted; " },
        { RESTART_ALWAYS, 0, "5 finished a; 5 listen a; "
                             "5 Running Ready restarted; " },
    };
    struct toy t;
    struct pod_spec *s;

    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_TEARDOWN, 0);
    toy_image(&t, "a")->runs = S(5);
    toy_image(&t, "a")->fails = cases[_i].fails;
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->restart = cases[_i].restart;
    toy_bind(&t, s);
    toy_run(&t, 4);
    t.log.len = 0;
    toy_run(&t, 8);
    toy_expect(&t, cases[_i].log);
    toy_close_world(&t);
}
END_TEST

/* The first pods of an owner fail; the third does not. */
START_TEST(the_first_pods_of_an_owner_can_fail)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->runs = S(5);
    toy_image(&t, "a")->fails_first = 2;
    toy_start(&t);
    for (int i = 0; i < 3; i++) {
        struct pod_spec *s = toy_pod(&t, one, 1);

        s->restart = RESTART_NEVER;
        toy_bind_owned(&t, s, t.node);
    }
    toy_run(&t, 4);
    t.log.len = 0;
    toy_run(&t, 8);
    toy_expect(&t, "5 crashed a; 5 crashed a; 5 finished a; "
                   "5 network gone a; 5 network gone a; 5 network gone a; "
                   "5 Failed; 5 Failed; 5 Succeeded; ");
    toy_close_world(&t);
}
END_TEST

/* activeDeadlineSeconds ends the pod as Failed/DeadlineExceeded. */
START_TEST(a_pod_can_have_a_deadline)
{
    struct toy t;
    struct pod_spec *s;
    object_uid pod;

    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->active_deadline_s = 60;
    pod = toy_bind(&t, s);
    toy_run(&t, 100);
    toy_expect(&t, "0 listen a; 0 Running Ready; 60 close a; "
                   "60 drained a; 60 network gone a; 60 Failed; ");
    ck_assert_str_eq(toy_see(&t, pod)->reason, "DeadlineExceeded");
    toy_close_world(&t);
}
END_TEST

/* 64 MiB limit, 1 MiB/s: over it after 64 s, exit 137, restarted at once. */
START_TEST(a_leak_ends_in_an_oom_kill)
{
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;

    c[0].resources.memory_limit = 64 << 20;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->leak_bytes_per_s = 1 << 20;
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, c, 1));
    toy_run(&t, 70);
    toy_expect(&t, "0 listen a; 0 Running Ready; 64 out of memory a; "
                   "64 listen a; 64 Running Ready restarted; ");
    toy_close_world(&t);
}
END_TEST

/* crash.after strikes once in the life of a pod, whatever run it is. */
START_TEST(a_crash_can_come_once)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->crash.after = S(7);
    toy_start(&t);
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 3000);
    toy_expect(&t, "0 listen a; 0 Running Ready; 7 crashed a; 7 listen a; "
                   "7 Running Ready restarted; ");
    toy_close_world(&t);
}
END_TEST

/* ---- init containers and sidecars --------------------------------------- */

/* i runs 3 s; then sidecar s, which counts as started 4 s after its start
 * (startup probe each second); then the app. */
START_TEST(init_containers_come_first)
{
    static const struct probe startup = TOY_PROBE(1, 30);
    struct container init[] = { TOY_CONTAINER("i"), TOY_CONTAINER("s") };
    struct toy t;
    struct pod_spec *s;

    init[1].sidecar = true;
    init[1].startup = &startup;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "i")->runs = S(3);
    toy_image(&t, "s")->startup = S(4);
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->init = init;
    s->ninit = 2;
    toy_bind(&t, s);
    toy_run(&t, 6.5);
    toy_expect(&t, "0 Pending PodInitializing; ");
    toy_run(&t, 300);
    toy_expect(&t, "7 listen a; 7 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* A failing init container is tried again with back-off; under Never it fails
 * the pod. */
START_TEST(a_failing_init_container_holds_the_pod)
{
    static const struct container init[] = { TOY_CONTAINER("i") };
    struct toy t;
    struct pod_spec *s;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "i")->runs = S(1);
    toy_image(&t, "i")->fails = 1;
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->init = init;
    s->ninit = 1;
    s->restart = _i ? RESTART_NEVER : RESTART_ALWAYS;
    toy_bind(&t, s);
    toy_run(&t, 5);
    toy_expect(&t, _i ? "0 Pending PodInitializing; 1 network gone a; "
                        "1 Failed; "
                      : "0 Pending PodInitializing; "
                        "2 Pending CrashLoopBackOff; ");
    toy_close_world(&t);
}
END_TEST

/* An app that ends takes its sidecar along, and the pod is done. */
START_TEST(a_sidecar_does_not_keep_a_finished_pod)
{
    struct container init[] = { TOY_CONTAINER("s") };
    struct toy t;
    struct pod_spec *s;

    init[0].sidecar = true;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->runs = S(9);
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->init = init;
    s->ninit = 1;
    s->restart = RESTART_NEVER;
    toy_bind(&t, s);
    toy_run(&t, 300);
    toy_expect(&t, "0 listen a; 0 Running Ready; 9 finished a; "
                   "9 network gone a; 9 Succeeded; ");
    toy_close_world(&t);
}
END_TEST

/* ---- configuration ------------------------------------------------------ */

static void make_config(struct toy *t, enum kind kind, const char *data)
{
    struct meta *m = api_new_draft(t->w->api, kind);

    m->name = "conf";
    m->space = "default";
    ((struct config *)m)->data = value_flow(t->arena, data, NULL);
    ck_assert_int_eq(api_create(t->w->api, m, NULL, NULL), API_CREATED);
}

/* A missing volume holds the pod before its sandbox; a missing variable stops
 * the containers; both are looked for again after 10 s. */
START_TEST(a_missing_config_map_is_waited_for)
{
    static const struct {
        struct config_ref ref;
        const char *before, *after;
    } cases[] = {
        { { .kind = KIND_CONFIGMAP, .mounted = true },
          "0 Pending ContainerCreating; ",
          "10 listen a; 10 Running Ready; " },
        { { .kind = KIND_CONFIGMAP },
          "0 Pending CreateContainerConfigError; ",
          "10 listen a; 10 Running Ready; " },
        { { .kind = KIND_CONFIGMAP, .optional = true },
          "0 listen a; 0 Running Ready; ", "" },
        { { .kind = KIND_CONFIGMAP, .key = "there" },
          "0 Pending CreateContainerConfigError; ",
          "10 listen a; 10 Running Ready; " },
        { { .kind = KIND_CONFIGMAP, .key = "missing" },
          "0 Pending CreateContainerConfigError; ", "" },
        { { .kind = KIND_SECRET }, "0 Pending CreateContainerConfigError; ",
          "10 listen a; 10 Running Ready; " },
    };
    struct config_ref ref = cases[_i].ref;
    struct toy t;
    struct pod_spec *s;

    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    ref.name = "conf";
    s = toy_pod(&t, one, 1);
    s->configs = &ref;
    s->nconfigs = 1;
    toy_bind(&t, s);
    toy_run(&t, 5);
    toy_expect(&t, cases[_i].before);
    make_config(&t, ref.kind, "{there: x}");
    toy_run(&t, 300);
    toy_expect(&t, cases[_i].after);
    toy_close_world(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kubelet");
    TCase *tc = tcase_create("starting");
    SRunner *sr;
    int failed;

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, a_pod_starts_step_by_step);
    tcase_add_test(tc, without_latencies_one_write_is_enough);
    tcase_add_test(tc, containers_start_one_after_the_other);
    tcase_add_test(tc, pulls_are_serial_and_remembered);
    tcase_add_test(tc, the_registry_can_be_slow);
    tcase_add_test(tc, a_missing_image_backs_off);
    tcase_add_test(tc, an_image_that_may_not_be_pulled_is_waited_for);
    tcase_add_loop_test(tc, a_crashing_container_backs_off, 0, 2);
    tcase_add_test(tc, an_exit_is_noticed_when_the_runtime_is_listed);
    tcase_add_test(tc, back_off_is_late_by_up_to_a_half);
    tcase_add_loop_test(tc, restart_policies_end_pods, 0, 5);
    tcase_add_test(tc, the_first_pods_of_an_owner_can_fail);
    tcase_add_test(tc, a_pod_can_have_a_deadline);
    tcase_add_test(tc, a_leak_ends_in_an_oom_kill);
    tcase_add_test(tc, a_crash_can_come_once);
    tcase_add_test(tc, init_containers_come_first);
    tcase_add_loop_test(tc, a_failing_init_container_holds_the_pod, 0, 2);
    tcase_add_test(tc, a_sidecar_does_not_keep_a_finished_pod);
    tcase_add_loop_test(tc, a_missing_config_map_is_waited_for, 0, 6);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
