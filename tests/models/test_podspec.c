/*
 * test_podspec.c - pod templates: defaults, identity, hash, what is derived.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "models/podspec.h"
#include "manifest_text.h"

static struct arena *arena;
static struct err_list errors;

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
}

static void tear_down(void)
{
    arena_free(arena);
}

/* A template with one container, merged with patch. */
static const struct pod_template *template_of(const char *patch)
{
    const struct value *v = value_flow(arena, "{metadata: {labels: {app: web}}"
        ", spec: {containers: [{name: c, image: \"shop/web:1.0\"}]}}", NULL);

    err_init(&errors, arena);
    v = value_merge(arena, v, value_flow(arena, patch, NULL));
    return pod_template_from(arena, v, "spec.template", &errors);
}

static const struct container *container_of(const char *fields)
{
    const struct pod_template *t = template_of(arena_printf(arena,
        "{spec: {containers: [{name: c, image: \"shop/web:1.0\", %s}]}}",
        fields));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    return &t->spec->containers[0];
}

/* ---- defaults (reference 11.1) ------------------------------------------ */

START_TEST(a_bare_template_has_the_servers_defaults)
{
    const struct pod_spec *s = template_of("{}")->spec;

    ck_assert_int_eq(errors.errors + errors.warnings, 0);
    ck_assert_int_eq(s->restart, RESTART_ALWAYS);
    ck_assert_int_eq(s->grace_s, 30);
    ck_assert_str_eq(s->scheduler_name, "default-scheduler");
    ck_assert_int_eq(s->active_deadline_s, -1);
    ck_assert_ptr_null(s->containers[0].readiness);
    ck_assert_int_eq(s->containers[0].resources.cpu_request, -1);
    ck_assert(!s->node_affinity_required);
}
END_TEST

START_TEST(a_negative_grace_period_is_one_second)
{
    ck_assert_int_eq(template_of("{spec: {terminationGracePeriodSeconds: "
                                 "-1}}")->spec->grace_s, 1);
    ck_assert_int_eq(template_of("{spec: {terminationGracePeriodSeconds: "
                                 "0}}")->spec->grace_s, 0);
}
END_TEST

START_TEST(the_pull_policy_depends_on_the_tag)
{
    static const struct {
        const char *image;
        enum pull_policy pull;
    } cases[] = {
        { "web", PULL_ALWAYS }, { "web:latest", PULL_ALWAYS },
        { "web:1.0", PULL_IF_NOT_PRESENT },
        { "host:5000/web", PULL_ALWAYS },
        { "host:5000/web:1", PULL_IF_NOT_PRESENT },
        { "web@sha256:00", PULL_IF_NOT_PRESENT },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pod_template *t = template_of(arena_printf(arena,
            "{spec: {containers: [{name: c, image: \"%s\"}]}}",
            cases[i].image));

        ck_assert_msg(t->spec->containers[0].pull == cases[i].pull, "%s",
                      cases[i].image);
    }
    ck_assert_int_eq(container_of("imagePullPolicy: Never")->pull,
                     PULL_NEVER);
}
END_TEST

START_TEST(a_probes_zero_is_its_default)
{
    const struct probe *p = container_of("readinessProbe: {httpGet: {port: "
        "80}, periodSeconds: 0, timeoutSeconds: 2}")->readiness;

    ck_assert_int_eq(p->handler, PROBE_HTTP);
    ck_assert_int_eq(p->initial_delay_s, 0);
    ck_assert_int_eq(p->period_s, 10);
    ck_assert_int_eq(p->timeout_s, 2);
    ck_assert_int_eq(p->success_threshold, 1);
    ck_assert_int_eq(p->failure_threshold, 3);
    ck_assert_int_eq(p->grace_s, -1);
}
END_TEST

START_TEST(a_missing_request_is_the_limit)
{
    const struct container *c = container_of("resources: {limits: {cpu: 500m, "
        "memory: 1Gi}, requests: {memory: 256Mi}}");

    ck_assert_int_eq(c->resources.cpu_request, 500);
    ck_assert_int_eq(c->resources.cpu_limit, 500);
    ck_assert_int_eq(c->resources.memory_request, INT64_C(256) << 20);
    ck_assert_int_eq(c->resources.memory_limit, INT64_C(1) << 30);
}
END_TEST

/* ---- identity (reference 1.5) ------------------------------------------- */

START_TEST(what_the_server_would_store_alike_is_the_same_template)
{
    static const char *const same[] = {
        "{spec: {terminationGracePeriodSeconds: 30, restartPolicy: Always}}",
        "{metadata: {creationTimestamp: null, annotations: {}}}",
        "{spec: {securityContext: {}, volumes: [], hostNetwork: false}}",
        "{spec: {noSuchField: 3}}",
        "{metadata: {labels: {app: web, pod-template-hash: abc}}}",
        "{spec: {containers: [{name: c, image: \"shop/web:1.0\", resources: "
        "{}, imagePullPolicy: IfNotPresent, terminationMessagePath: "
        "/dev/termination-log, stdin: no}]}}",
    };
    uint64_t identity = template_of("{}")->identity;

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        ck_assert_msg(template_of(same[i])->identity == identity, "%s",
                      same[i]);
}
END_TEST

START_TEST(any_other_change_is_another_template)
{
    static const char *const other[] = {
        "{metadata: {labels: {app: web, x: z}}}",
        "{metadata: {annotations: {restartedAt: now}}}",
        "{spec: {terminationGracePeriodSeconds: 31}}",
        "{spec: {dnsPolicy: Default}}",
        "{spec: {containers: [{name: c, image: \"shop/web:1.1\"}]}}",
        "{spec: {containers: [{name: c, image: \"shop/web:1.0\", tty: on}]}}",
    };
    uint64_t identity = template_of("{}")->identity;

    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        ck_assert_msg(template_of(other[i])->identity != identity, "%s",
                      other[i]);
}
END_TEST

static uint64_t identity_with(const char *cpu, const char *memory)
{
    return template_of(arena_printf(arena, "{spec: {containers: [{name: c, "
        "image: i, resources: {requests: {cpu: %s, memory: %s}}}]}}", cpu,
        memory))->identity;
}

START_TEST(quantities_are_compared_by_value)
{
    uint64_t a = identity_with("1000m", "1024Mi");

    ck_assert(identity_with("1", "1Gi") == a);
    ck_assert(identity_with("1001m", "1Gi") != a);
}
END_TEST

START_TEST(the_luck_of_pods_is_named_by_the_images_alone)
{
    uint64_t key = template_of("{}")->revision_key;

    ck_assert(template_of("{metadata: {annotations: {a: b}}}")->revision_key
              == key);
    ck_assert(template_of("{spec: {containers: [{name: c, image: x}]}}")
              ->revision_key != key);
}
END_TEST

START_TEST(the_hash_has_the_safe_alphabet_and_follows_the_collisions)
{
    const struct pod_template *t = template_of("{}");
    const char *hash = pod_template_hash(arena, t, 0);
    const struct pod_template *labelled;

    ck_assert_uint_eq(strspn(hash, "bcdfghjklmnpqrstvwxz2456789"),
                      strlen(hash));
    ck_assert_str_eq(pod_template_hash(arena, template_of("{}"), 0), hash);
    ck_assert_str_ne(pod_template_hash(arena, t, 1), hash);
    ck_assert_str_ne(pod_template_hash(arena, t, 2),
                     pod_template_hash(arena, t, 1));
    labelled = pod_template_with_label(arena, t, "pod-template-hash", hash);
    ck_assert_str_eq(pod_template_hash(arena, labelled, 0), hash);
    ck_assert_str_eq(labels_get(labelled->labels, "pod-template-hash"), hash);
    ck_assert_ptr_nonnull(value_at(labelled->raw,
                          "metadata.labels.\"pod-template-hash\""));
    ck_assert(labelled->identity == t->identity);
    /* Read again, as an undo does, it is the same template still. */
    ck_assert(pod_template_from(arena, labelled->raw, "", &errors)->identity
              == t->identity);
}
END_TEST

/* ---- hooks -------------------------------------------------------------- */

START_TEST(a_pre_stop_hook_takes_as_long_as_it_sleeps)
{
    static const struct {
        const char *hook;
        enum hook_kind kind;
        double s;
    } cases[] = {
        { "sleep: {seconds: 7}", HOOK_SLEEP, 7 },
        { "exec: {command: [sleep, \"5\"]}", HOOK_EXEC, 5 },
        { "exec: {command: [/bin/sleep, \"0.5\"]}", HOOK_EXEC, 0.5 },
        { "exec: {command: [sleep, 1m]}", HOOK_EXEC, 60 },
        { "exec: {command: [/bin/sh, -c, sleep 5]}", HOOK_EXEC, 5 },
        { "exec: {command: [sh, -ec, \"sleep 5 && nginx -s quit\"]}",
          HOOK_EXEC, 5 },
        { "exec: {command: [bash, -c, \"echo x; sleep 2; sleep 3s\"]}",
          HOOK_EXEC, 5 },
        { "exec: {command: [sh, -c, \"exec /bin/sleep 4\"]}", HOOK_EXEC, 4 },
        { "exec: {command: [nginx, -s, quit]}", HOOK_EXEC, 0 },
        { "exec: {command: [sh, -c, \"nginx -s quit\"]}", HOOK_EXEC, 0 },
        { "httpGet: {port: 80}", HOOK_HTTP, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct hook *h = &container_of(arena_printf(arena,
            "lifecycle: {preStop: {%s}}", cases[i].hook))->pre_stop;

        ck_assert_msg(h->kind == cases[i].kind, "%s", cases[i].hook);
        ck_assert_msg(h->takes == (sim_time)(cases[i].s * 1e9), "%s: %g",
                      cases[i].hook, (double)h->takes / 1e9);
    }
    ck_assert_int_eq(container_of("args: [x]")->pre_stop.kind, HOOK_NONE);
}
END_TEST

/* ---- derived ------------------------------------------------------------ */

/* More rows are in the table pod_effective_requests_and_qos.  By hand: 100 m
 * and 200 Mi stand for each missing request, for scoring only. */
START_TEST(missing_requests_count_for_scoring_only)
{
    const struct pod_spec *s = template_of("{spec: {containers: [{name: a, "
        "image: i}, {name: b, image: i, resources: {requests: {cpu: 50m}}}], "
        "overhead: {cpu: 10m, memory: 1Mi}}}")->spec;

    ck_assert_int_eq(s->cpu_milli, 60);
    ck_assert_int_eq(s->memory_bytes, 1 << 20);
    ck_assert_int_eq(s->cpu_nonzero, 160);
    ck_assert_int_eq(s->memory_nonzero, INT64_C(401) << 20);
    ck_assert_int_eq(s->cpu_limit, 0);
    ck_assert_int_eq(pod_spec_qos(s), QOS_BURSTABLE);
}
END_TEST

START_TEST(requests_of_the_whole_pod_take_the_place_of_their_sum)
{
    const struct pod_spec *s = template_of("{spec: {resources: {requests: "
        "{cpu: \"1\", memory: 1Gi}, limits: {cpu: \"1\", memory: 1Gi}}, "
        "containers: [{name: a, image: i, resources: {requests: {cpu: "
        "100m}}}]}}")->spec;

    ck_assert_int_eq(s->cpu_milli, 1000);
    ck_assert_int_eq(s->memory_bytes, 1 << 30);
    ck_assert_int_eq(pod_spec_qos(s), QOS_GUARANTEED);
}
END_TEST

START_TEST(references_to_config_and_claims_are_found_everywhere)
{
    const struct pod_spec *s = template_of("{spec: {volumes: [{name: a, "
        "configMap: {name: m1, optional: true}}, {name: b, secret: "
        "{secretName: s1}}, {name: d, projected: {sources: [{secret: {name: "
        "s2}}]}}, {name: p, persistentVolumeClaim: {claimName: data}}], "
        "containers: [{name: c, image: i, envFrom: [{configMapRef: {name: "
        "m2}}], env: [{name: X, valueFrom: {secretKeyRef: {name: s3, key: "
        "k}}}]}]}}")->spec;

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_uint_eq(s->nconfigs, 5);
    ck_assert_str_eq(s->configs[0].name, "s3");
    ck_assert_str_eq(s->configs[0].key, "k");
    ck_assert_int_eq(s->configs[0].kind, KIND_SECRET);
    ck_assert(!s->configs[0].mounted);
    ck_assert_str_eq(s->configs[1].name, "m2");
    ck_assert_str_eq(s->configs[2].name, "m1");
    ck_assert(s->configs[2].mounted && s->configs[2].optional);
    ck_assert_str_eq(s->configs[4].name, "s2");
    ck_assert_uint_eq(s->nclaims, 1);
    ck_assert_str_eq(s->claims[0], "data");
}
END_TEST

START_TEST(placement_is_typed)
{
    const struct pod_spec *s = template_of("{spec: {nodeSelector: {disk: "
        "ssd}, tolerations: [{key: gpu, operator: Exists, effect: "
        "NoSchedule}, {operator: Exists}, {key: a, value: b, effect: "
        "NoExecute, tolerationSeconds: 60}], topologySpreadConstraints: "
        "[{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, "
        "labelSelector: {matchLabels: {app: web}}}], affinity: {nodeAffinity: "
        "{requiredDuringSchedulingIgnoredDuringExecution: "
        "{nodeSelectorTerms: [{matchExpressions: [{key: size, operator: Gt, "
        "values: [\"4\"]}]}]}}, podAntiAffinity: "
        "{preferredDuringSchedulingIgnoredDuringExecution: [{weight: 50, "
        "podAffinityTerm: {topologyKey: host, labelSelector: {}}}]}}}}")->spec;

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_str_eq(labels_get(s->node_selector, "disk"), "ssd");
    ck_assert_uint_eq(s->ntolerations, 3);
    ck_assert(s->tolerations[0].exists && s->tolerations[0].seconds == -1);
    ck_assert_ptr_null(s->tolerations[1].key);
    ck_assert_int_eq(s->tolerations[2].seconds, 60);
    ck_assert_int_eq(s->spread[0].max_skew, 2);
    ck_assert(s->spread[0].do_not_schedule);
    ck_assert(s->node_affinity_required);
    ck_assert_uint_eq(s->nnode_terms, 1);
    ck_assert_int_eq(s->node_terms[0].labels->items[0].op, SELECT_GT);
    ck_assert_uint_eq(s->naffinity, 1);
    ck_assert(s->affinity[0].anti && s->affinity[0].weight == 50);
    ck_assert(selector_match(s->affinity[0].selector, NULL));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("podspec");
    TCase *tc = tcase_create("templates");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_bare_template_has_the_servers_defaults);
    tcase_add_test(tc, a_negative_grace_period_is_one_second);
    tcase_add_test(tc, the_pull_policy_depends_on_the_tag);
    tcase_add_test(tc, a_probes_zero_is_its_default);
    tcase_add_test(tc, a_missing_request_is_the_limit);
    tcase_add_test(tc, what_the_server_would_store_alike_is_the_same_template);
    tcase_add_test(tc, any_other_change_is_another_template);
    tcase_add_test(tc, quantities_are_compared_by_value);
    tcase_add_test(tc, the_luck_of_pods_is_named_by_the_images_alone);
    tcase_add_test(tc,
                   the_hash_has_the_safe_alphabet_and_follows_the_collisions);
    tcase_add_test(tc, a_pre_stop_hook_takes_as_long_as_it_sleeps);
    tcase_add_test(tc, missing_requests_count_for_scoring_only);
    tcase_add_test(tc, requests_of_the_whole_pod_take_the_place_of_their_sum);
    tcase_add_test(tc, references_to_config_and_claims_are_found_everywhere);
    tcase_add_test(tc, placement_is_typed);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
