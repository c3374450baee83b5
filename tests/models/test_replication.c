/*
 * test_replication.c - ReplicationControllers in whole clusters: the
 * ReplicaSet's code behind another kind.
 */
#include "set_world.h"

#include "models/workload.h"

static struct set_world *cluster(const char *spec)
{
    struct set_world *t = set_world_new(KUBE_1_36, 2);

    set_manifest(t, KIND_RC, spec);
    return t;
}

static const struct replicaset *get(const struct set_world *t)
{
    return replicaset_seen(set_find(t, KIND_RC, "web"));
}

/* Without a selector the labels of the template are it. */
START_TEST(it_keeps_its_pods_and_is_scaled)
{
    struct set_world *t = cluster("{spec: {replicas: 3, selector: null}}");

    set_do(t, 1, "scale rc/web --replicas=5", NULL);
    set_do(t, 10, "delete pod -l app=web", NULL);
    set_do(t, 30, "scale rc web --replicas=1", NULL);
    set_run(t, 0);
    ck_assert_int_eq(get(t)->ready, 3);
    set_run(t, 9);
    ck_assert_int_eq(get(t)->ready, 5);
    ck_assert_int_eq(get(t)->available, 5);
    set_run(t, 29);
    ck_assert_int_eq(get(t)->ready, 5);
    set_run(t, 40);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 1);
    ck_assert_int_eq(get(t)->status_replicas, 1);
    set_world_free(t);
}
END_TEST

/* A new template is for new pods only. */
START_TEST(it_does_not_roll_out)
{
    struct set_world *t = cluster("{spec: {replicas: 2, selector: {app: web, "
                                  "matchLabels: null}}}");
    object_uid first;

    set_do(t, 1, "set image rc/web c=img:2", NULL);
    set_run(t, 0);
    first = api_at(t->w->api, KIND_POD, 0)->uid;
    set_run(t, 20);
    ck_assert_uint_eq(api_at(t->w->api, KIND_POD, 0)->uid, first);
    ck_assert_str_eq(get(t)->template->spec->containers[0].image, "img:2");
    set_world_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("replication");
    TCase *tc = tcase_create("replication");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, it_keeps_its_pods_and_is_scaled);
    tcase_add_test(tc, it_does_not_roll_out);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
