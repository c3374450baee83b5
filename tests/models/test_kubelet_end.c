/*
 * test_kubelet_end.c - how pods are told to stop, and go.
 *
 * Worked out by hand from reference section 5.5; P6 is one of the validation
 * cases.  Pods are bound at 0 and deleted at 100.
 */
#include "toy_kubelet.h"

#define S(seconds) dist_constant((sim_time)((seconds) * 1e9))

static const struct container one[] = { TOY_CONTAINER("a") };

/* Run a pod to 100, forget what was logged, and delete it. */
static object_uid start_and_delete(struct toy *t, const struct pod_spec *s,
                                   int grace_s)
{
    object_uid pod = toy_bind(t, s);

    toy_run(t, 100);
    t->log.len = 0;
    api_delete(t->w->api, pod, grace_s);
    return pod;
}

/* Deletion seen at 1, SIGTERM at 3 (after KILL), exit at once, network gone at
 * 7, last status written at 7.5, removal asked for at 15, done at 15.5. */
START_TEST(a_pod_goes_step_by_step)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    toy_timing(&t, TIMING_WATCH_KUBELET, 1);
    toy_timing(&t, TIMING_KILL, 2);
    toy_timing(&t, TIMING_TEARDOWN, 4);
    toy_timing(&t, TIMING_REMOVE, 8);
    toy_timing(&t, TIMING_KUBELET_WRITE, 0.5);
    start_and_delete(&t, toy_pod(&t, one, 1), -1);
    toy_run(&t, 3000);
    toy_expect(&t, "103 close a; 103 drained a; "
                   "107 network gone a; 107.5 Succeeded; 115.5 removed; ");
    ck_assert_uint_eq(sim_live(t.w->sim), 0);
    toy_close_world(&t);
}
END_TEST

/* 1.20 leaves the phase of the living: all stopped under Always is Running. */
START_TEST(the_last_status_is_terminal_since_1_36)
{
    struct toy t;

    toy_open(&t, KUBE_1_20);
    toy_start(&t);
    start_and_delete(&t, toy_pod(&t, one, 1), -1);
    toy_run(&t, 3000);
    toy_expect(&t, "100 close a; 100 drained a; "
                   "100 network gone a; 100 Running; 100 removed; ");
    toy_close_world(&t);
}
END_TEST

/* What the process does about SIGTERM; two requests are in flight. */
START_TEST(processes_stop_as_their_image_says)
{
    static const struct {
        enum shutdown_mode mode;
        double time;            /* -1: not given */
        const char *log;
    } cases[] = {
        { SHUTDOWN_DRAIN, -1, "100 close a; 130 killed a; " },
        { SHUTDOWN_DRAIN, 4, "100 close a; 104 stopped a; " },
        { SHUTDOWN_DRAIN, 60, "100 close a; 130 killed a; " },
        { SHUTDOWN_IMMEDIATE, -1, "100 close a; 100 stopped a; " },
        { SHUTDOWN_IMMEDIATE, 2.7, "100 close a; 102.7 stopped a; " },
        { SHUTDOWN_IMMEDIATE, 60, "100 close a; 130 killed a; " },
        { SHUTDOWN_IGNORE, -1, "130 killed a; " },
        { SHUTDOWN_IGNORE, 6, "106 stopped a; " },
    };
    struct toy t;
    struct behaviour *b;

    toy_open(&t, KUBE_1_36);
    b = toy_image(&t, "a");
    b->shutdown = cases[_i].mode;
    if (cases[_i].time >= 0) {
        b->shutdown_time = S(cases[_i].time);
        b->shutdown_time_set = true;
    }
    toy_start(&t);
    t.busy = 2;
    start_and_delete(&t, toy_pod(&t, one, 1), -1);
    toy_run(&t, 3000);
    ck_assert_msg(strncmp(t.log.text, cases[_i].log,
                          strlen(cases[_i].log)) == 0, "%s", t.log.text);
    ck_assert_ptr_nonnull(strstr(t.log.text, " removed; "));
    toy_close_world(&t);
}
END_TEST

/* The last of the requests in flight ends at 107.5. */
START_TEST(a_draining_process_ends_when_it_is_idle)
{
    struct toy t;
    struct process *p;
    object_uid pod;

    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    t.busy = 2;
    pod = start_and_delete(&t, toy_pod(&t, one, 1), -1);
    p = process_of(t.w, pod, 80);
    process_idle(p);            /* not told to stop yet: no notice taken */
    toy_run(&t, 107.5);
    ck_assert_int_eq(p->state, PROCESS_CLOSED);
    ck_assert(!process_accepts(p));
    process_idle(p);
    toy_run(&t, 3000);
    toy_expect(&t, "100 close a; 107.5 drained a; "
                   "107.5 network gone a; 107.5 Succeeded; "
                   "107.5 removed; ");
    ck_assert_int_eq(p->state, PROCESS_ABSENT);
    ck_assert_int_eq(p->end, END_DRAINED);
    ck_assert_int_eq(p->exit_code, 0);
    ck_assert(!p->network);
    toy_close_world(&t);
}
END_TEST

/* preStop 7 s of a grace of 30: SIGTERM at 107, SIGKILL at 130.  P6: a hook
 * longer than the grace is cut, and 2 s are left after it. */
START_TEST(p6_the_hook_uses_up_the_grace)
{
    static const struct {
        double hook;
        int grace_s;
        const char *log;
    } cases[] = {
        { 7, 30, "107 close a; 130 killed a; " },
        { 29.5, 30, "129.5 close a; 131.5 killed a; " },
        { 40, 30, "130 close a; 132 killed a; " },
        { 40, 5, "105 close a; 107 killed a; " },
        { 0, 0, "100 close a; 102 killed a; " },
    };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;
    struct pod_spec *s;

    c[0].pre_stop = (struct hook){
        .kind = HOOK_SLEEP, .takes = (sim_time)(cases[_i].hook * 1e9) };
    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    t.busy = 1;
    s = toy_pod(&t, c, 1);
    s->grace_s = cases[_i].grace_s;
    start_and_delete(&t, s, s->grace_s == 0 ? 1 : -1);
    toy_run(&t, 3000);
    ck_assert_msg(strncmp(t.log.text, cases[_i].log,
                          strlen(cases[_i].log)) == 0, "%s", t.log.text);
    toy_close_world(&t);
}
END_TEST

/* Deleted again at 110 with less grace: the hook ends at 113 (SIGKILL 115);
 * without a hook SIGKILL comes at 113. */
START_TEST(a_second_deletion_can_only_shorten)
{
    static const struct {
        double hook;
        int again_s;
        const char *log;
    } cases[] = {
        { 20, 3, "113 close a; 115 killed a; " },
        { 0, 3, "100 close a; 113 killed a; " },
        { 0, 1, "100 close a; 112 killed a; " },
        { 0, 60, "100 close a; 130 killed a; " },
        { 20, 29, "120 close a; 139 killed a; " },
    };
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;
    object_uid pod;

    c[0].pre_stop = (struct hook){
        .kind = HOOK_SLEEP, .takes = (sim_time)(cases[_i].hook * 1e9) };
    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    t.busy = 1;
    pod = start_and_delete(&t, toy_pod(&t, c, 1), _i == 4 ? 60 : 30);
    toy_run(&t, 110);
    api_delete(t.w->api, pod, cases[_i].again_s);
    toy_run(&t, 3000);
    ck_assert_msg(strncmp(t.log.text, cases[_i].log,
                          strlen(cases[_i].log)) == 0, "%s", t.log.text);
    toy_close_world(&t);
}
END_TEST

/* Sidecars 1 and 2 stop after the app, last first; only app processes are told
 * to others.  The app takes 5 s, so the pod is gone when both took 1 s more. */
START_TEST(sidecars_stop_last)
{
    struct container init[] = { TOY_CONTAINER("s1"), TOY_CONTAINER("s2") };
    struct toy t;
    struct pod_spec *s;

    init[0].sidecar = init[1].sidecar = true;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->shutdown = SHUTDOWN_IMMEDIATE;
    toy_image(&t, "a")->shutdown_time = S(5);
    toy_image(&t, "a")->shutdown_time_set = true;
    for (int i = 0; i < 2; i++) {
        struct behaviour *b = toy_image(&t, init[i].image);

        b->shutdown = SHUTDOWN_IMMEDIATE;
        b->shutdown_time = S(1);
        b->shutdown_time_set = true;
    }
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->init = init;
    s->ninit = 2;
    start_and_delete(&t, s, -1);
    toy_run(&t, 3000);
    toy_expect(&t, "100 close a; 105 stopped a; "
                   "107 network gone a; 107 Failed; 107 removed; ");
    toy_close_world(&t);
}
END_TEST

/* The app holds out for the whole grace; the sidecar's own is used up then, so
 * it gets SIGTERM at 130 as well and at least 2 s. */
START_TEST(a_sidecar_waits_no_longer_than_its_grace)
{
    struct container init[] = { TOY_CONTAINER("s") };
    struct toy t;
    struct pod_spec *s;

    init[0].sidecar = true;
    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->shutdown = SHUTDOWN_IGNORE;
    toy_image(&t, "s")->shutdown = SHUTDOWN_IGNORE;
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->init = init;
    s->ninit = 1;
    start_and_delete(&t, s, -1);
    toy_run(&t, 3000);
    toy_expect(&t, "130 killed a; 132 network gone a; "
                   "132 Failed; 132 removed; ");
    toy_close_world(&t);
}
END_TEST

/* No container had started (the image takes 50 s): nothing is waited for. */
START_TEST(a_pod_that_has_not_started_goes_at_once)
{
    struct toy t;
    object_uid pod;

    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_IMAGE_PULL, 50);
    toy_timing(&t, TIMING_KILL, 1);
    toy_start(&t);
    pod = toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 20);
    api_delete(t.w->api, pod, -1);
    toy_run(&t, 30);
    toy_expect(&t, "0 Pending ContainerCreating; "
                   "20 network gone a; 20 Failed; 20 removed; ");
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 300);
    toy_expect(&t, "30 Pending ContainerCreating; 50 listen a; "
                   "50 Running Ready; ");
    toy_close_world(&t);
}
END_TEST

/* Readiness goes on in termination: two failures, at 110 and 120 after the
 * listener was closed at 105; the drain ends at 125. */
START_TEST(readiness_is_probed_to_the_end)
{
    static const struct probe readiness = TOY_PROBE(10, 2);
    static const struct probe liveness = TOY_PROBE(1, 1);
    struct container c[] = { TOY_CONTAINER("a") };
    struct toy t;
    object_uid pod;

    c[0].readiness = &readiness;
    c[0].liveness = &liveness;
    c[0].pre_stop = (struct hook){ .kind = HOOK_SLEEP, .takes = 5 * SIM_S };
    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    t.busy = 1;
    pod = start_and_delete(&t, toy_pod(&t, c, 1), -1);
    toy_run(&t, 125);
    process_idle(process_of(t.w, pod, 0));
    toy_run(&t, 3000);
    toy_expect(&t, "105 close a; 120 Running; 125 drained a; "
                   "125 network gone a; 125 Succeeded; 125 removed; ");
    toy_close_world(&t);
}
END_TEST

START_TEST(a_pod_can_turn_unready_when_told_to_stop)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->readiness.not_ready_on_term = true;
    toy_image(&t, "a")->shutdown = SHUTDOWN_IGNORE;
    toy_image(&t, "a")->shutdown_time = S(8);
    toy_image(&t, "a")->shutdown_time_set = true;
    toy_start(&t);
    start_and_delete(&t, toy_pod(&t, one, 1), -1);
    toy_run(&t, 3000);
    toy_expect(&t, "100 Running; 108 stopped a; "
                   "108 network gone a; 108 Failed; 108 removed; ");
    toy_close_world(&t);
}
END_TEST

/* By force: the object goes at once, the processes with the pod's grace. */
START_TEST(a_pod_removed_by_force_is_stopped_later)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_start(&t);
    t.busy = 1;
    start_and_delete(&t, toy_pod(&t, one, 1), 0);
    toy_run(&t, 3000);
    toy_expect(&t, "100 close a; 100 removed; 130 killed a; "
                   "130 network gone a; ");
    ck_assert_uint_eq(sim_live(t.w->sim), 0);
    toy_close_world(&t);
}
END_TEST

/* A finished pod stays until it is deleted, and then goes without grace. */
START_TEST(a_finished_pod_is_removed_at_once)
{
    struct toy t;
    struct pod_spec *s;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->runs = S(5);
    toy_start(&t);
    s = toy_pod(&t, one, 1);
    s->restart = RESTART_NEVER;
    start_and_delete(&t, s, -1);
    toy_run(&t, 3000);
    toy_expect(&t, "100 removed; ");
    ck_assert_uint_eq(sim_live(t.w->sim), 0);
    toy_close_world(&t);
}
END_TEST

/* Deleted while it waits to be restarted: nothing runs, nothing is waited
 * for, and nothing starts any more. */
START_TEST(a_pod_in_a_crash_loop_goes_at_once)
{
    struct toy t;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->crash.every = S(5);
    toy_start(&t);
    start_and_delete(&t, toy_pod(&t, one, 1), -1);
    toy_run(&t, 3000);
    toy_expect(&t, "100 network gone a; 100 Failed; "
                   "100 removed; ");
    ck_assert_uint_eq(sim_live(t.w->sim), 0);
    toy_close_world(&t);
}
END_TEST

/* ---- power -------------------------------------------------------------- */

/* A node loses power at 100: nothing is told to the API.  At 160 it is back;
 * start-up takes 2 s; the pod deleted meanwhile is removed. */
START_TEST(a_node_without_power_says_nothing)
{
    struct toy t;
    object_uid first, second;

    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_CONTAINER_START, 2);
    toy_start(&t);
    first = toy_bind(&t, toy_pod(&t, one, 1));
    second = toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 100);
    t.log.len = 0;
    kubelet_node_down(t.w, t.node);
    kubelet_node_down(t.w, t.node);
    toy_expect(&t, "100 network gone a; 100 killed a; "
                   "100 network gone a; 100 killed a; ");
    toy_run(&t, 130);
    api_delete(t.w->api, second, -1);
    toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 160);
    toy_expect(&t, "");
    ck_assert(toy_see(&t, first)->ready);
    t.names = true;
    kubelet_node_up(t.w, t.node);   /* the other reason still holds */
    toy_run(&t, 160);
    toy_expect(&t, "");
    kubelet_node_up(t.w, t.node);
    toy_run(&t, 300);
    toy_expect(&t, "160 Running p2; 160 Failed p3; "
                   "160 Pending ContainerCreating p4; 160 removed p3; "
                   "162 listen a; 162 listen a; "
                   "162 Running Ready restarted p2; 162 Running Ready p4; ");
    toy_close_world(&t);
}
END_TEST

/* ---- processes ---------------------------------------------------------- */

/* From 20 % at 10 s (start-up) to full speed 40 s later. */
START_TEST(a_process_warms_up)
{
    struct toy t;
    const struct process *p;
    object_uid pod;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->startup = S(10);
    toy_image(&t, "a")->warm_from = 0.2;
    toy_image(&t, "a")->warm_over = S(40);
    toy_start(&t);
    pod = toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 10);
    p = process_of(t.w, pod, 8080);
    ck_assert(process_accepts(p));
    ck_assert_int_eq(p->listens, 10 * SIM_S);
    ck_assert_double_eq_tol(process_speed(p, 10 * SIM_S), 0.2, 1e-12);
    ck_assert_double_eq_tol(process_speed(p, 30 * SIM_S), 0.6, 1e-12);
    ck_assert_double_eq(process_speed(p, 50 * SIM_S), 1);
    ck_assert_double_eq(process_speed(p, 500 * SIM_S), 1);
    toy_close_world(&t);
}
END_TEST

/* Errors from 5 s after the start, for 20 s, in each run. */
START_TEST(errors_have_their_time)
{
    struct toy t;
    const struct process *p;
    object_uid pod;

    toy_open(&t, KUBE_1_36);
    toy_image(&t, "a")->error = (struct error_rate){
        .rate = 0.5, .after = S(5), .lasting = S(20) };
    toy_image(&t, "a")->crash.every = S(100);
    toy_start(&t);
    pod = toy_bind(&t, toy_pod(&t, one, 1));
    toy_run(&t, 50);
    p = process_of(t.w, pod, 0);
    ck_assert_int_eq(p->errors_from, 5 * SIM_S);
    ck_assert_int_eq(p->errors_until, 25 * SIM_S);
    toy_run(&t, 110);
    ck_assert_int_eq(p->run, 2);
    ck_assert_int_eq(p->errors_from, 105 * SIM_S);
    toy_close_world(&t);
}
END_TEST

/* Requests go to the container that declares the port. */
START_TEST(a_port_finds_its_container)
{
    static const struct container_port web = { .name = "web", .port = 80 };
    static const struct container_port admin = { .name = "", .port = 90 };
    struct container c[] = { TOY_CONTAINER("log"), TOY_CONTAINER("web"),
                             TOY_CONTAINER("admin") };
    struct toy t;
    object_uid pod;

    c[1].ports = &web;
    c[2].ports = &admin;
    c[1].nports = c[2].nports = 1;
    toy_open(&t, KUBE_1_36);
    toy_timing(&t, TIMING_SANDBOX, 1);
    toy_start(&t);
    pod = toy_bind(&t, toy_pod(&t, c, 3));
    toy_run(&t, 0.5);
    ck_assert_ptr_null(process_of(t.w, pod, 80));
    toy_run(&t, 2);
    ck_assert_str_eq(process_of(t.w, pod, 80)->image, "web");
    ck_assert_str_eq(process_of(t.w, pod, 90)->image, "admin");
    ck_assert_str_eq(process_of(t.w, pod, 0)->image, "web");
    ck_assert_str_eq(process_of(t.w, pod, 1234)->image, "log");
    ck_assert_ptr_null(process_of(t.w, 999, 80));
    toy_close_world(&t);
}
END_TEST

/* The k-th pod of a template has the same luck whatever else is drawn: a hang
 * that is switched on leaves its start-up alone. */
START_TEST(luck_of_a_pod_is_its_own)
{
    sim_time listens[2], differs;

    for (int i = 0; i < 2; i++) {
        struct toy t;
        object_uid pod, other;

        toy_open(&t, KUBE_1_36);
        toy_image(&t, "a")->startup = dist_lognormal(10, 30);
        if (i)
            toy_image(&t, "a")->hang = dist_lognormal(100, 300);
        toy_start(&t);
        pod = toy_bind(&t, toy_pod(&t, one, 1));
        other = toy_bind(&t, toy_pod(&t, one, 1));
        toy_run(&t, 3000);
        listens[i] = process_of(t.w, pod, 0)->listens;
        differs = process_of(t.w, other, 0)->listens - listens[i];
        ck_assert_int_ne(differs, 0);
        toy_close_world(&t);
    }
    ck_assert_int_eq(listens[0], listens[1]);
}
END_TEST

/* ---- properties --------------------------------------------------------- */

/* Pods with everything that can happen to them, deleted at random times with
 * random grace: in the end nothing is left, neither objects nor events, and
 * no process was told of twice. */
struct life {
    int listening, networks;
    bool power_cut;             /* ends and network go the other way round */
};
static void life_listen(void *ctx, struct process *p)
{
    (void)p;
    ((struct life *)ctx)->listening++;
}
static void life_exit(void *ctx, struct process *p)
{
    struct life *life = ctx;

    if (p->listens != SIM_NEVER)
        life->listening--;
    ck_assert(p->network != life->power_cut);
}
static void life_network_gone(void *ctx, struct process *p)
{
    struct life *life = ctx;

    ck_assert(p->state == PROCESS_ABSENT || life->power_cut);
    life->networks++;
}
static const struct process_ops life_ops = {
    .listen = life_listen, .exit = life_exit,
    .network_gone = life_network_gone,
};

static void randomise(struct toy *t, struct stream *s)
{
    struct behaviour *b = toy_image(t, "a");

    b->startup = dist_exponential(5);
    b->crash.every = dist_exponential(60);
    b->hang = dist_exponential(80);
    b->shutdown = (enum shutdown_mode)stream_below(s, 3);
    b->shutdown_time = dist_exponential(10);
    b->shutdown_time_set = stream_below(s, 2);
    b->readiness.mode = stream_below(s, 2) ? READINESS_FLAP : READINESS_PROBE;
    b->readiness.up = b->readiness.down = dist_exponential(15);
    timings_from_profile(&t->spec->cluster.timings, PROFILE_LOADED);
    t->spec->cluster.profile = PROFILE_LOADED;
}

START_TEST(nothing_is_left_of_pods_that_are_gone)
{
    static const struct probe probe = TOY_PROBE(3, 2);
    struct container c[] = { TOY_CONTAINER("a"), TOY_CONTAINER("a") };
    struct container init[] = { TOY_CONTAINER("i"), TOY_CONTAINER("a") };
    struct life life = { 0 };
    struct toy t;
    struct stream s;
    object_uid pods[30];

    stream_init(&s, (uint64_t)_i, PURPOSE_FAULT, 0, 0);
    init[1].sidecar = true;
    c[0].readiness = c[0].liveness = c[1].startup = &probe;
    c[1].pre_stop.takes = 4 * SIM_S;
    toy_open(&t, _i % 2 ? KUBE_1_20 : KUBE_1_36);
    randomise(&t, &s);
    t.spec->seed = (uint64_t)_i;
    toy_start(&t);
    process_watch(t.w, &life_ops, &life);
    for (size_t i = 0; i < COUNT_OF(pods); i++) {
        struct pod_spec *spec = toy_pod(&t, c, 1 + i % 2);

        spec->init = init;
        spec->ninit = i % 3;
        pods[i] = toy_bind(&t, spec);
        toy_run(&t, (double)i);
    }
    for (size_t i = 0; i < COUNT_OF(pods); i++) {
        size_t k = stream_below(&s, COUNT_OF(pods));

        toy_run(&t, 40 + 10 * (double)i);
        life.power_cut = true;
        if (i % 10 == 9)
            kubelet_node_down(t.w, t.node);
        life.power_cut = false;
        if (i % 10 == 1)
            kubelet_node_up(t.w, t.node);
        api_delete(t.w->api, pods[k], (int)stream_below(&s, 40) - 1);
        api_delete(t.w->api, pods[i], (int)stream_below(&s, 40) - 1);
    }
    kubelet_node_up(t.w, t.node);
    toy_run(&t, 3000);
    ck_assert_uint_eq(api_count(t.w->api, KIND_POD), 0);
    ck_assert_uint_eq(sim_live(t.w->sim), 0);
    ck_assert_int_eq(life.listening, 0);
    ck_assert_int_gt(life.networks, (int)COUNT_OF(pods) - 1);
    toy_close_world(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kubelet_end");
    TCase *tc = tcase_create("stopping");
    SRunner *sr;
    int failed;

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_pod_goes_step_by_step);
    tcase_add_test(tc, the_last_status_is_terminal_since_1_36);
    tcase_add_loop_test(tc, processes_stop_as_their_image_says, 0, 8);
    tcase_add_test(tc, a_draining_process_ends_when_it_is_idle);
    tcase_add_loop_test(tc, p6_the_hook_uses_up_the_grace, 0, 5);
    tcase_add_loop_test(tc, a_second_deletion_can_only_shorten, 0, 5);
    tcase_add_test(tc, sidecars_stop_last);
    tcase_add_test(tc, a_sidecar_waits_no_longer_than_its_grace);
    tcase_add_test(tc, a_pod_that_has_not_started_goes_at_once);
    tcase_add_test(tc, readiness_is_probed_to_the_end);
    tcase_add_test(tc, a_pod_can_turn_unready_when_told_to_stop);
    tcase_add_test(tc, a_pod_removed_by_force_is_stopped_later);
    tcase_add_test(tc, a_finished_pod_is_removed_at_once);
    tcase_add_test(tc, a_pod_in_a_crash_loop_goes_at_once);
    tcase_add_test(tc, a_node_without_power_says_nothing);
    tcase_add_test(tc, a_process_warms_up);
    tcase_add_test(tc, errors_have_their_time);
    tcase_add_test(tc, a_port_finds_its_container);
    tcase_add_test(tc, luck_of_a_pod_is_its_own);
    tcase_add_loop_test(tc, nothing_is_left_of_pods_that_are_gone, 0, 20);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
