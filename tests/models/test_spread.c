/*
 * test_spread.c - topology spread constraints of a new version's pods.
 *
 * Scores and the rest are in the table scheduler_scores.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "models/scheduler.h"

#define ZONE "topology.kubernetes.io/zone"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static const struct labels *labels_of(const char *hash)
{
    return labels_with(arena, labels_with(arena, NULL, "app", "web"),
                       "pod-template-hash", hash);
}

static const struct pod_spec *spec_of(const char *keys)
{
    struct err_list errors;
    const struct value *v = value_flow(arena, arena_printf(arena,
        "{spec: {containers: [{name: c, image: x}], "
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: " ZONE ", "
        "whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: "
        "{app: web}}, matchLabelKeys: [%s]}]}}", keys), NULL);
    const struct pod_template *t;

    err_init(&errors, arena);
    t = pod_template_from(arena, v, "", &errors);
    ck_assert_int_eq(errors.errors, 0);
    return t->spec;
}

/* A node in a zone with n pods of the old version. */
static struct sched_node *zone_with(const char *zone, int n,
                                  const struct pod_spec *spec)
{
    struct sched_node *node = arena_make(arena, struct sched_node);

    node->node.meta.name = zone;
    node->node.meta.labels = labels_with(arena, NULL, ZONE, zone);
    node->node.pods = 110;
    for (int i = 0; i < n; i++)
        sched_place(arena, node, (struct placed){
            .uid = (object_uid)(zone[0] * 100 + i + 1), .space = "default",
            .labels = labels_of("old"), .spec = spec });
    return node;
}

/* May a pod of the new version go to zone a, which has three old pods where b
 * has one?  By hand: counting old pods, 3 + 1 - 1 = 3 > 1; without, 1. */
static bool may_go(const char *keys)
{
    const struct pod_spec *spec = spec_of(keys);
    struct sched_node *nodes[] = { zone_with("a", 3, spec),
                                   zone_with("b", 1, spec) };
    struct sched_cycle c = { .arena = arena, .version = KUBE_1_36,
                             .space = "default", .labels = labels_of("new"),
                             .spec = spec, .nodes = nodes, .nnodes = 2 };

    sched_prefilter(&c);
    return sched_filter(&c, nodes[0], NULL) == NULL;
}

START_TEST(without_match_label_keys_old_pods_count)
{
    ck_assert(!may_go(""));
}
END_TEST

START_TEST(with_the_template_hash_as_key_only_the_new_version_is_spread)
{
    ck_assert(may_go("pod-template-hash"));
    ck_assert(!may_go("no-such-label"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spread");
    TCase *tc = tcase_create("topology spread");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, without_match_label_keys_old_pods_count);
    tcase_add_test(tc,
        with_the_template_hash_as_key_only_the_new_version_is_spread);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
