/*
 * test_disruption.c - budgets, drains, lost nodes and autoscalers in whole
 * clusters.
 *
 * set_world.h: a pod takes 2 s from its creation to Ready and 1 s from its
 * deletion to gone; the warm-up is 40 s; in exact time leases are renewed and
 * nodes looked at on whole multiples of 10 s and 5 s from the beginning.
 */
#include "set_world.h"

#include "models/budget.h"
#include "models/fault.h"
#include "models/hpa.h"
#include "models/lease.h"
#include "models/nodelife.h"
#include "models/kubelet.h"
#include "models/workload.h"

static void add(struct set_world *t, enum kind kind, const char *text)
{
    const struct value *v = value_flow(t->a, text, NULL);

    ck_assert_ptr_nonnull(v);
    t->manifests[t->spec->nmanifests++] = (struct manifest){
        .kind = kind, .value = v, .space = "default", .name = "web",
    };
}

/* When an event with this reason was recorded about an object, after a time;
 * -1: never. */
static double when(const struct set_world *t, const char *object,
                   const char *reason, double from_s)
{
    for (size_t i = 0; i < t->w->record.events.len; i++) {
        const struct event_row *e = &t->w->record.events.items[i];

        if (strcmp(e->object, object) == 0 &&
            strcmp(e->reason, reason) == 0 && set_time(t, e->at) >= from_s)
            return set_time(t, e->at);
    }
    return -1;
}

static int count(const struct set_world *t, const char *reason)
{
    int n = 0;

    for (size_t i = 0; i < t->w->record.events.len; i++)
        n += strcmp(t->w->record.events.items[i].reason, reason) == 0;
    return n;
}

static int ready_pods(const struct set_world *t)
{
    int n = 0;

    for (size_t i = 0; i < api_count(t->w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(t->w->api, KIND_POD, i));

        n += p->ready && !meta_deleting(&p->meta);
    }
    return n;
}

/* ---- budgets ------------------------------------------------------------------------ */

static struct set_world *budget_world(const char *terms, int replicas)
{
    struct set_world *t = set_world_new(KUBE_1_36, 2);

    set_manifest(t, KIND_DEPLOYMENT,
                 arena_printf(t->a, "{spec: {replicas: %d}}", replicas));
    add(t, KIND_PDB, arena_printf(
        t->a, "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: "
        "{name: web, namespace: default}, spec: {selector: {matchLabels: "
        "{app: web}}, %s}}", terms));
    return t;
}

static const struct budget *budget_seen_in(const struct set_world *t)
{
    return budget_seen(api_find(t->w->api, KIND_PDB, "default", "web"));
}

/* Four pods of six on two nodes may be missing: a drain takes one each 5 s. */
START_TEST(a_drain_never_breaks_the_budget)
{
    struct set_world *t = budget_world("minAvailable: 5", 6);

    set_do(t, 1, "drain n-0", NULL);
    for (double s = 1; s < 60; s += 0.25) {
        set_run(t, s);
        ck_assert_int_ge(ready_pods(t), 5);
    }
    ck_assert_int_eq(count(t, "Allowed"), 3);
    ck_assert_int_eq(ready_pods(t), 6);
    set_world_free(t);
}
END_TEST

START_TEST(a_budget_of_all_pods_blocks_a_drain_for_ever)
{
    struct set_world *t = budget_world("maxUnavailable: 0", 2);

    set_do(t, 1, "drain n-0", NULL);
    set_run(t, 62);
    ck_assert_int_eq(count(t, "Allowed"), 0);
    ck_assert_int_eq(count(t, "Waiting"), 13);  /* 1, 6, ..., 61 s */
    ck_assert_int_eq(budget_seen_in(t)->status.allowed, 0);
    set_world_free(t);
}
END_TEST

START_TEST(a_drain_gives_up_at_its_timeout)
{
    struct set_world *t = budget_world("maxUnavailable: 0", 2);

    set_do(t, 1, "drain n-0 --timeout=12s", NULL);
    set_run(t, 62);
    ck_assert_int_eq(count(t, "Refused"), 1);
    ck_assert_int_eq(count(t, "Waiting"), 3);
    set_world_free(t);
}
END_TEST

START_TEST(pods_of_a_daemonset_stop_a_drain)
{
    struct set_world *t = set_world_new(KUBE_1_36, 2);

    set_manifest(t, KIND_DAEMONSET, "");
    set_do(t, 1, "drain n-0", NULL);
    set_do(t, 10, "drain n-0 --ignore-daemonsets", NULL);
    set_run(t, 30);
    ck_assert_int_eq(count(t, "Refused"), 1);
    ck_assert_int_eq(count(t, "Allowed"), 0);
    ck_assert_int_eq(ready_pods(t), 2);
    set_world_free(t);
}
END_TEST

/* ---- nodes --------------------------------------------------------------------------- */

static object_uid node_called(const struct set_world *t, const char *name)
{
    return api_find(t->w->api, KIND_NODE, "", name)->uid;
}

static enum condition_status node_ready(const struct set_world *t,
                                        const char *name)
{
    return node_seen(api_find(t->w->api, KIND_NODE, "", name))->ready.status;
}

static bool tainted(const struct set_world *t, const char *name,
                    const char *effect)
{
    const struct node *n =
        node_seen(api_find(t->w->api, KIND_NODE, "", name));

    for (size_t i = 0; i < n->ntaints; i++)
        if (strcmp(n->taints[i].effect, effect) == 0)
            return true;
    return false;
}

/* Power goes at 3 s; the lease was renewed, and that seen, at 0 s: Unknown at
 * 50 s (40 s in 1.20); evictions 300 s after the taint, which 1.20 puts on one
 * pass later. */
START_TEST(a_lost_node_is_noticed_and_its_pods_are_replaced)
{
    struct set_world *t = set_world_new(_i ? KUBE_1_36 : KUBE_1_20, 2);
    double unknown = _i ? 50 : 40, evicted = _i ? 350 : 345;

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 4}}");
    set_run(t, 3);
    kubelet_node_down(t->w, node_called(t, "n-0"));
    set_run(t, unknown - 0.1);
    ck_assert_int_eq(node_ready(t, "n-0"), CONDITION_TRUE);
    ck_assert_int_eq(ready_pods(t), 4);
    set_run(t, unknown + 0.1);
    ck_assert_int_eq(node_ready(t, "n-0"), CONDITION_UNKNOWN);
    ck_assert_int_eq(ready_pods(t), 2);
    set_run(t, evicted - 0.1);
    ck_assert_int_eq(ready_pods(t), 2);
    set_run(t, evicted + 3);
    ck_assert_int_eq(ready_pods(t), 4);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 6);
    kubelet_node_up(t->w, node_called(t, "n-0"));
    set_run(t, evicted + 20);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 4);
    ck_assert_int_eq(node_ready(t, "n-0"), CONDITION_TRUE);
    ck_assert(!tainted(t, "n-0", "NoSchedule"));
    ck_assert(!tainted(t, "n-0", "NoExecute"));
    set_world_free(t);
}
END_TEST

START_TEST(a_node_that_is_back_in_time_is_not_missed)
{
    struct set_world *t = set_world_new(KUBE_1_36, 2);

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 4}}");
    set_run(t, 3);
    kubelet_node_down(t->w, node_called(t, "n-0"));
    set_run(t, 40);
    kubelet_node_up(t->w, node_called(t, "n-0"));
    set_run(t, 500);
    ck_assert_int_eq(count(t, "NodeNotReady"), 0);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 4);
    set_world_free(t);
}
END_TEST

/* All nodes at once: the controller blames itself, and evicts nothing. */
START_TEST(nothing_is_evicted_while_no_node_answers)
{
    struct set_world *t = set_world_new(KUBE_1_36, 3);

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 3}}");
    set_run(t, 3);
    for (int i = 0; i < 3; i++)
        kubelet_node_down(t->w, node_called(t, arena_printf(t->a, "n-%d",
                                                            i)));
    set_run(t, 590);
    for (int i = 0; i < 3; i++)
        ck_assert(!tainted(t, arena_printf(t->a, "n-%d", i), "NoExecute"));
    ck_assert_int_eq(count(t, "TaintManagerEviction"), 0);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 3);
    set_world_free(t);
}
END_TEST

/* Three of four nodes of a zone (more than two, 75 % of it; 55 % are enough):
 * its pods stay.  Two of four are not: theirs go. */
START_TEST(a_zone_that_is_mostly_down_keeps_its_pods)
{
    struct set_world *t = set_world_new(KUBE_1_36, 4);
    int lost = _i ? 3 : 2;

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 8}}");
    set_run(t, 3);
    for (int i = 0; i < lost; i++)
        kubelet_node_down(t->w, node_called(t, arena_printf(t->a, "n-%d",
                                                            i)));
    set_run(t, 590);
    ck_assert_int_eq(count(t, "NodeNotReady") > 0, 1);
    ck_assert_int_eq(count(t, "TaintManagerEviction") == 0, _i);
    set_world_free(t);
}
END_TEST

/* Two of ten nodes: one is given up at once, the other 10 s later. */
START_TEST(nodes_are_given_up_one_in_ten_seconds)
{
    struct set_world *t = set_world_new(KUBE_1_36, 10);

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 10}}");
    set_run(t, 3);
    kubelet_node_down(t->w, node_called(t, "n-0"));
    kubelet_node_down(t->w, node_called(t, "n-1"));
    set_run(t, 55);
    ck_assert_int_ne(tainted(t, "n-0", "NoExecute"),
                     tainted(t, "n-1", "NoExecute"));
    set_run(t, 61);
    ck_assert(tainted(t, "n-0", "NoExecute"));
    ck_assert(tainted(t, "n-1", "NoExecute"));
    set_world_free(t);
}
END_TEST

/* The node is lost at 3 s and its object deleted at 100 s: its pods, which
 * would stay for ever, are gone after quarantine, at the next look. */
START_TEST(pods_of_a_deleted_node_are_collected)
{
    struct set_world *t = set_world_new(KUBE_1_36, 2);

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 4}}");
    set_do(t, 100, "delete node n-0", NULL);
    set_run(t, 3);
    kubelet_node_down(t->w, node_called(t, "n-0"));
    set_run(t, 138);
    ck_assert_int_eq(ready_pods(t), 2);
    set_run(t, 170);
    ck_assert_int_eq(ready_pods(t), 4);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 4);
    set_world_free(t);
}
END_TEST

/* A healthy cluster has no events for its heartbeats. */
START_TEST(heartbeats_of_healthy_nodes_cost_nothing)
{
    struct set_world *t = set_world_new(KUBE_1_36, 3);
    uint64_t before;

    set_manifest(t, KIND_DEPLOYMENT, "{spec: {replicas: 3}}");
    set_run(t, 0);
    before = sim_fired(t->w->sim);
    set_run(t, 500);
    ck_assert_uint_le(sim_fired(t->w->sim) - before, 600);
    ck_assert_int_eq(lease_renewed(t->w, api_at(t->w->api, KIND_NODE, 0),
                                   world_now(t->w)), 540 * SIM_S);
    set_world_free(t);
}
END_TEST

START_TEST(tolerations_decide_how_long_a_pod_stays)
{
    static const struct taint gone[] = {
        { TAINT_UNREACHABLE, "", "NoExecute", 0 },
    };
    static const struct taint own[] = { { "spot", "yes", "NoExecute", 0 } };
    static const struct taint soft[] = { { "spot", "yes", "NoSchedule", 0 } };
    struct toleration some = { .key = TAINT_UNREACHABLE, .exists = true,
                               .effect = "NoExecute", .seconds = 10 };
    struct toleration all = { .exists = true, .seconds = -1 };
    struct pod_spec s = { 0 };

    ck_assert_int_eq(taints_tolerated_for(&s, gone, 1), 300 * SIM_S);
    ck_assert_int_eq(taints_tolerated_for(&s, own, 1), 0);
    ck_assert_int_eq(taints_tolerated_for(&s, soft, 1), SIM_NEVER);
    s.ntolerations = 1;
    s.tolerations = &some;
    ck_assert_int_eq(taints_tolerated_for(&s, gone, 1), 10 * SIM_S);
    s.tolerations = &all;
    ck_assert_int_eq(taints_tolerated_for(&s, gone, 1), SIM_NEVER);
    ck_assert_int_eq(taints_tolerated_for(&s, own, 1), SIM_NEVER);
}
END_TEST

/* ---- autoscalers ------------------------------------------------------------------------- */

static struct set_world *hpa_world(const char *command, const char *requests)
{
    struct set_world *t = set_world_new(KUBE_1_36, 4);

    set_manifest(t, KIND_DEPLOYMENT, arena_printf(
        t->a, "{spec: {replicas: 2, template: {spec: {containers: [{name: c, "
        "image: \"img:1\", resources: {requests: {%s}}}]}}}}", requests));
    t->spec->cluster.metrics_interval = 0;
    set_do(t, 1, command, NULL);
    return t;
}

static int replicas(const struct set_world *t)
{
    return deployment_seen(api_find(t->w->api, KIND_DEPLOYMENT, "default",
                                    "web"))->replicas;
}

static void load(struct set_world *t, const char *name, const char *of,
                 const char *value)
{
    struct metric_spec *m = arena_make(t->a, struct metric_spec);

    *m = (struct metric_spec){ .name = name, .of = of, .at = -1 };
    ck_assert(parse_quantity(value, &m->value, NULL));
    t->spec->metrics = m;
    t->spec->nmetrics = 1;
}

/* 900m over two pods of 100m at 50 %: at most double or 4 at once, then what
 * is needed: 18, at most 12. */
START_TEST(a_workload_grows_in_steps_to_what_it_needs)
{
    struct set_world *t = hpa_world("autoscale deployment/web --max=12 "
                                    "--cpu=50%", "cpu: 100m");

    load(t, "cpu", "deployment/web", "900m");
    set_run(t, 15.5);
    ck_assert_int_eq(replicas(t), 2);
    set_run(t, 17);
    ck_assert_int_eq(replicas(t), 4);
    set_run(t, 60);
    ck_assert_int_eq(replicas(t), 12);
    set_world_free(t);
}
END_TEST

/* Down only when 300 s have passed since anything more was recommended. */
START_TEST(a_workload_shrinks_after_the_window)
{
    struct set_world *t = hpa_world("autoscale deployment/web --min=1 "
                                    "--max=5 --cpu=50%", "cpu: 100m");

    load(t, "cpu", "deployment/web", "40m");
    set_run(t, 315);
    ck_assert_int_eq(replicas(t), 2);
    set_run(t, 340);
    ck_assert_int_eq(replicas(t), 1);
    set_world_free(t);
}
END_TEST

START_TEST(without_requests_nothing_is_scaled)
{
    struct set_world *t = hpa_world("autoscale deployment/web --max=12 "
                                    "--cpu=50%", "memory: 1Mi");

    load(t, "cpu", "deployment/web", "900m");
    set_run(t, 100);
    ck_assert_int_eq(replicas(t), 2);
    ck_assert(when(t, "horizontalpodautoscaler/web",
                   "FailedGetResourceMetric", 0) > 0);
    set_world_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("disruption");
    TCase *budgets = tcase_create("budgets"), *nodes = tcase_create("nodes");
    TCase *hpas = tcase_create("autoscalers");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(budgets, a_drain_never_breaks_the_budget);
    tcase_add_test(budgets, a_budget_of_all_pods_blocks_a_drain_for_ever);
    tcase_add_test(budgets, a_drain_gives_up_at_its_timeout);
    tcase_add_test(budgets, pods_of_a_daemonset_stop_a_drain);
    tcase_add_loop_test(nodes,
                        a_lost_node_is_noticed_and_its_pods_are_replaced, 0,
                        2);
    tcase_add_test(nodes, a_node_that_is_back_in_time_is_not_missed);
    tcase_add_test(nodes, nothing_is_evicted_while_no_node_answers);
    tcase_add_loop_test(nodes,
                        a_zone_that_is_mostly_down_keeps_its_pods, 0, 2);
    tcase_add_test(nodes, nodes_are_given_up_one_in_ten_seconds);
    tcase_add_test(nodes, pods_of_a_deleted_node_are_collected);
    tcase_add_test(nodes, heartbeats_of_healthy_nodes_cost_nothing);
    tcase_add_test(nodes, tolerations_decide_how_long_a_pod_stays);
    tcase_add_test(hpas, a_workload_grows_in_steps_to_what_it_needs);
    tcase_add_test(hpas, a_workload_shrinks_after_the_window);
    tcase_add_test(hpas, without_requests_nothing_is_scaled);
    suite_add_tcase(s, budgets);
    suite_add_tcase(s, nodes);
    suite_add_tcase(s, hpas);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
