/*
 * test_manifest.c - manifests: what is refused, where, and what is taken.
 *
 * Most of what the API server refuses is in the table manifest_validation,
 * of which tests/tables has a part; here is what that table does not ask.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "models/argo.h"
#include "models/batch.h"
#include "models/budget.h"
#include "models/hpa.h"
#include "models/network.h"
#include "models/pod.h"
#include "models/statefulset.h"
#include "models/workload.h"
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

static struct meta *decode(const struct value *v)
{
    enum kind k = kind_find(value_text(value_get(v, "apiVersion"), ""),
                            value_text(value_get(v, "kind"), ""));

    err_init(&errors, arena);
    ck_assert_int_ne(k, KIND_NONE);
    return kind_ops_of(k)->decode(arena, v, &errors);
}

static struct meta *decode_text(const char *text)
{
    const struct value *v = value_flow(arena, text, NULL);

    ck_assert_msg(v != NULL, "broken test: %s", text);
    return decode(v);
}

struct fault_case {
    const char *patch;          /* on a good Deployment */
    const char *faults;
};

static void check_cases(const struct fault_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        decode(deployment_text(arena, cases[i].patch));
        ck_assert_msg(strcmp(faults_text(arena, &errors), cases[i].faults)
                      == 0, "%s\n  got  %s\n  want %s", cases[i].patch,
                      faults_text(arena, &errors), cases[i].faults);
    }
}

#define CASES(list) check_cases(list, sizeof list / sizeof list[0])
#define C0 "spec.template.spec.containers[0]"
#define WITH(fields) "{spec: {template: {spec: {containers: [{name: c, " \
                     "image: x, " fields "}]}}}}"
#define POD(fields) "{spec: {template: {spec: {" fields "}}}}"

/* ---- decoding: 400 ------------------------------------------------------ */

START_TEST(wrong_types_are_bad_requests)
{
    static const struct fault_case cases[] = {
        { "{spec: {replicas: \"3\"}}", "BadRequest spec.replicas" },
        { "{spec: {replicas: three}}", "BadRequest spec.replicas" },
        { "{spec: {replicas: 3000000000}}", "BadRequest spec.replicas" },
        { "{spec: {replicas: [3]}}", "BadRequest spec.replicas" },
        { "{spec: {paused: \"true\"}}", "BadRequest spec.paused" },
        { "{spec: {template: {spec: {containers: {name: c}}}}}",
          "BadRequest spec.template.spec.containers" },
        { "{metadata: {labels: {version: 1.10}}}",
          "BadRequest metadata.labels[version]" },
        { "{metadata: {annotations: {on: yes}}}",
          "BadRequest metadata.annotations[on]" },
        { WITH("env: [{name: A, value: 1}]"),
          "BadRequest " C0 ".env[0].value" },
        { WITH("args: [8080]"), "BadRequest " C0 ".args[0]" },
        { WITH("resources: {limits: {cpu: 1GB}}"),
          "BadRequest " C0 ".resources.limits[cpu]" },
        { "{spec: {strategy: {rollingUpdate: {maxSurge: true}}}}",
          "BadRequest spec.strategy.rollingUpdate.maxSurge" },
    };

    CASES(cases);
}
END_TEST

START_TEST(text_that_looks_like_a_number_is_to_be_quoted)
{
    decode(deployment_text(arena, "{metadata: {labels: {version: 1.10}}}"));
    ck_assert_str_eq(errors.items[0].help, "quote it: \"1.10\"");
    decode(deployment_text(arena, "{metadata: {labels: {x: on}}}"));
    ck_assert_str_eq(errors.items[0].help, "quote it: \"on\"");
    decode(deployment_text(arena, "{metadata: {labels: {x: \"on\"}}}"));
    ck_assert_uint_eq(errors.len, 0);
}
END_TEST

START_TEST(yes_and_on_are_true_where_a_boolean_is_expected)
{
    static const struct {
        const char *word;
        bool paused;
    } cases[] = { { "yes", true }, { "on", true }, { "True", true },
                  { "no", false }, { "off", false }, { "false", false } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct meta *m = decode(deployment_text(arena, arena_printf(arena,
            "{spec: {paused: %s}}", cases[i].word)));

        ck_assert_int_eq(errors.errors, 0);
        ck_assert_int_eq(deployment_seen(m)->paused, cases[i].paused);
    }
}
END_TEST

/* ---- unknown and not simulated fields ----------------------------------- */

START_TEST(unknown_fields_are_warned_of_with_a_suggestion)
{
    decode(deployment_text(arena, "{spec: {replica: 3}}"));
    ck_assert_int_eq(errors.errors, 0);
    ck_assert_int_eq(errors.warnings, 1);
    ck_assert_str_eq(faults_text(arena, &errors),
                     "unknown-field spec.replica");
    ck_assert_str_eq(errors.items[0].help, "did you mean \"replicas\"?");
    decode(deployment_text(arena, WITH("livenesProbe: {}")));
    ck_assert_str_eq(faults_text(arena, &errors),
                     "unknown-field " C0 ".livenesProbe");
    ck_assert_str_eq(errors.items[0].help, "did you mean \"livenessProbe\"?");
}
END_TEST

START_TEST(fields_that_matter_and_are_not_simulated_are_said)
{
    static const struct fault_case cases[] = {
        { WITH("resources: {claims: [{name: gpu}]}"),
          "not-simulated " C0 ".resources.claims" },
        { WITH("resources: {claims: []}"), "" },
        { WITH("restartPolicy: OnFailure"),
          "not-simulated " C0 ".restartPolicy" },
        { WITH("resources: {limits: {nvidia.com/gpu: \"1\"}}"),
          "not-simulated " C0 ".resources.limits[nvidia.com/gpu]" },
        { POD("resourceClaims: [{name: x}]"),
          "not-simulated spec.template.spec.resourceClaims" },
    };

    CASES(cases);
    ck_assert_int_eq(errors.items[0].level, ERR_INFO);
}
END_TEST

START_TEST(what_kubectl_prints_is_taken_in_silence)
{
    static const struct fault_case cases[] = {
        { "{metadata: {creationTimestamp: null, uid: a-b, generation: 3, "
          "resourceVersion: \"12\", selfLink: /x, managedFields: [{manager: "
          "kubectl, fieldsV1: {\"f:spec\": {}}}], annotations: "
          "{deployment.kubernetes.io/revision: \"4\"}}, status: {replicas: 3, "
          "conditions: [{type: Available}]}}", "" },
        { "{spec: {strategy: {}, template: {metadata: {creationTimestamp: "
          "null}}}, status: {}}", "" },
        { POD("dnsPolicy: ClusterFirst, schedulerName: default-scheduler, "
              "securityContext: {fsGroup: 1}, serviceAccount: x, "
              "serviceAccountName: x, imagePullSecrets: [{name: r}], "
              "affinity: {}, nodeSelector: {}, priority: 0, "
              "enableServiceLinks: true, tolerations: [], hostAliases: "
              "[{ip: 1.2.3.4}], automountServiceAccountToken: false"), "" },
        { WITH("resources: {}, securityContext: {runAsUser: 1}, "
               "terminationMessagePath: /dev/termination-log, "
               "terminationMessagePolicy: File, tty: false, stdin: true, "
               "workingDir: /, command: [a], volumeDevices: [], resizePolicy: "
               "[{resourceName: cpu, restartPolicy: NotRequired}]"), "" },
    };

    CASES(cases);
}
END_TEST

/* ---- validation: 422 ---------------------------------------------------- */

START_TEST(metadata_is_validated)
{
    static const struct fault_case cases[] = {
        { "{metadata: {name: null}}", "Required metadata.name" },
        { "{metadata: {name: null, generateName: web-}}", "" },
        { "{metadata: {namespace: Prod}}", "Invalid metadata.namespace" },
        { "{metadata: {labels: {\"bad key\": x}}}",
          "Invalid metadata.labels" },
        { "{metadata: {labels: {a/b/c: x}}}", "Invalid metadata.labels" },
        { "{metadata: {labels: {a.b/c: -x}}}", "Invalid metadata.labels" },
        { "{metadata: {annotations: {a.B/C: \"any text\"}}}", "" },
        { "{metadata: {annotations: {\"a b\": x}}}",
          "Invalid metadata.annotations" },
    };

    CASES(cases);
}
END_TEST

START_TEST(selectors_must_be_there_and_match)
{
    static const struct fault_case cases[] = {
        { "{spec: {selector: null}}",
          "Required spec.selector; Invalid spec.template.metadata.labels" },
        { "{spec: {selector: {matchLabels: null}}}",
          "Invalid spec.selector" },
        { "{spec: {selector: {matchExpressions: [{key: x, operator: Exists}]"
          "}}}", "Invalid spec.template.metadata.labels" },
        { "{spec: {selector: {matchExpressions: [{key: app, operator: In, "
          "values: []}]}}}", "Required "
          "spec.selector.matchExpressions[0].values; Invalid spec.selector" },
        { "{spec: {selector: {matchExpressions: [{key: app, operator: "
          "Exists, values: [a]}]}}}", "Forbidden "
          "spec.selector.matchExpressions[0].values; Invalid spec.selector" },
    };

    CASES(cases);
}
END_TEST

START_TEST(strategies_are_validated)
{
    static const struct fault_case cases[] = {
        { "{spec: {strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}}}",
          "Forbidden spec.strategy.rollingUpdate" },
        { "{spec: {strategy: {type: Rolling}}}", "NotSupported spec.strategy" },
        { "{spec: {strategy: {rollingUpdate: {maxSurge: 200%}}}}", "" },
        { "{spec: {strategy: {rollingUpdate: {maxSurge: 1.5%}}}}",
          "Invalid spec.strategy.rollingUpdate.maxSurge" },
        { "{spec: {strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: "
          "\"x%\"}}}}", "Invalid spec.strategy.rollingUpdate.maxUnavailable; "
          "Invalid spec.strategy.rollingUpdate.maxUnavailable" },
        { "{spec: {replicas: -1}}", "Invalid spec.replicas" },
        { "{spec: {progressDeadlineSeconds: -5}}",
          "Invalid spec.progressDeadlineSeconds; "
          "Invalid spec.progressDeadlineSeconds" },
    };

    CASES(cases);
}
END_TEST

START_TEST(containers_are_validated)
{
    static const struct fault_case cases[] = {
        { POD("containers: null"), "Required spec.template.spec.containers" },
        { POD("containers: [{image: x}]"), "Required " C0 ".name" },
        { POD("containers: [{name: C_1, image: x}]"), "Invalid " C0 ".name" },
        { WITH("ports: [{containerPort: 70000}]"),
          "Invalid " C0 ".ports[0].containerPort" },
        { WITH("ports: [{name: HTTP, containerPort: 80}]"),
          "Invalid " C0 ".ports[0].name; Invalid " C0 ".ports[0].name" },
        { WITH("ports: [{name: a, containerPort: 80}, {name: a, "
               "containerPort: 81}]"), "Duplicate " C0 ".ports[1].name" },
        { WITH("ports: [{containerPort: 80, protocol: HTTP}]"),
          "NotSupported " C0 ".ports[0].protocol" },
        { WITH("ports: [{containerPort: 80, hostPort: 80}, {containerPort: "
               "81, hostPort: 80}]"), "Duplicate " C0 ".ports[1].hostPort" },
        { WITH("env: [{name: \"a=b\"}]"), "Invalid " C0 ".env[0].name" },
        { WITH("env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: "
               "metadata.name}}}]"), "Invalid " C0 ".env[0].valueFrom" },
        { WITH("envFrom: [{prefix: A_}]"), "Invalid " C0 ".envFrom" },
        { WITH("envFrom: [{secretRef: {}}]"),
          "Required " C0 ".envFrom[0].secretRef.name" },
        { WITH("terminationMessagePolicy: Log"),
          "NotSupported " C0 ".terminationMessagePolicy" },
        { WITH("resources: {limits: {memroy: 1Gi}}"),
          "Invalid " C0 ".resources.limits[memroy]" },
        { WITH("lifecycle: {preStop: {}}"),
          "Required " C0 ".lifecycle.preStop" },
        { WITH("lifecycle: {preStop: {sleep: {seconds: 40}}}"),
          "Invalid " C0 ".lifecycle.preStop.sleep" },
        { WITH("readinessProbe: {httpGet: {port: 0}}"),
          "Invalid " C0 ".readinessProbe.httpGet.port" },
        { WITH("readinessProbe: {httpGet: {port: http, scheme: FTP}}"),
          "NotSupported " C0 ".readinessProbe.httpGet.scheme" },
        { WITH("readinessProbe: {exec: {}}"),
          "Required " C0 ".readinessProbe.exec.command" },
        { WITH("readinessProbe: {grpc: {port: 1}, "
               "terminationGracePeriodSeconds: 3}"),
          "Invalid " C0 ".readinessProbe.terminationGracePeriodSeconds" },
    };

    CASES(cases);
}
END_TEST

START_TEST(pods_are_validated)
{
    static const struct fault_case cases[] = {
        { POD("restartPolicy: Never"),
          "NotSupported spec.template.spec.restartPolicy" },
        { POD("dnsPolicy: None2"),
          "NotSupported spec.template.spec.dnsPolicy" },
        { POD("volumes: [{name: a}, {name: a}]"),
          "Duplicate spec.template.spec.volumes[1].name" },
        { POD("volumes: [{name: a, emptyDir: {}, hostPath: {path: /}}]"),
          "Forbidden spec.template.spec.volumes[0].hostPath" },
        { POD("volumes: [{name: a, secret: {}}]"),
          "Required spec.template.spec.volumes[0].secret.secretName" },
        { POD("tolerations: [{operator: Equal}]"),
          "Invalid spec.template.spec.tolerations[0].operator" },
        { POD("tolerations: [{key: a, effect: Never}]"),
          "NotSupported spec.template.spec.tolerations[0].effect" },
        { POD("topologySpreadConstraints: [{topologyKey: z, "
              "whenUnsatisfiable: ScheduleAnyway}]"), "Invalid "
          "spec.template.spec.topologySpreadConstraints[0].maxSkew" },
        { POD("topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, "
              "whenUnsatisfiable: ScheduleAnyway, matchLabelKeys: "
              "[pod-template-hash]}]"), "Forbidden "
          "spec.template.spec.topologySpreadConstraints[0].matchLabelKeys" },
        { POD("topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, "
              "whenUnsatisfiable: ScheduleAnyway, matchLabelKeys: [app], "
              "labelSelector: {matchLabels: {app: web}}}]"), "Invalid "
          "spec.template.spec.topologySpreadConstraints[0]"
          ".matchLabelKeys[0]" },
        { POD("initContainers: [{name: c, image: x}]"),
          "Duplicate spec.template.spec.initContainers[0].name" },
        { POD("initContainers: [{name: i, image: x, readinessProbe: "
              "{tcpSocket: {port: 1}}}]"), "Forbidden "
          "spec.template.spec.initContainers[0].readinessProbe" },
        { POD("initContainers: [{name: i, image: x, restartPolicy: Always, "
              "readinessProbe: {tcpSocket: {port: 1}}}]"), "" },
        { POD("hostNetwork: true, containers: [{name: c, image: x, ports: "
              "[{containerPort: 80}]}, {name: d, image: x, ports: "
              "[{containerPort: 80}]}]"), "Duplicate "
          "spec.template.spec.containers[1].ports[0].hostPort" },
        { "{spec: {template: {metadata: {labels: {x: \"a b\"}}}}}",
          "Invalid spec.template.labels" },
        { "{spec: {template: {metadata: {annotations: "
          "{controller.kubernetes.io/pod-deletion-cost: high}}}}}",
          "Invalid spec.template.annotations"
          "[controller.kubernetes.io/pod-deletion-cost]" },
    };

    CASES(cases);
}
END_TEST

/* Marks: of the value at fault; of what is around it if it is missing. */
START_TEST(faults_know_their_place)
{
    struct source source = { "web.yaml", "", 0 };
    struct mark spec = { &source, 5, 3, 4 }, bad = { &source, 9, 15, 2 };
    const struct value *v = deployment_text(arena, "");

    v = value_set(arena, v, "spec", value_merge(arena,
        value_map(arena, NULL, 0, &spec), value_get(v, "spec")));
    v = value_set(arena, v, "spec.replicas",
                  value_plain(arena, "-1", &bad));
    decode(v);
    ck_assert_int_eq(errors.items[0].mark.line, 9);
    ck_assert_int_eq(errors.items[0].mark.column, 15);
    ck_assert_str_eq(errors.items[0].text,
                     "\"replicas\" must be at least 0, got -1");
}
END_TEST

START_TEST(a_selector_that_misses_says_which_label_is_wanted)
{
    decode(deployment_text(arena, "{spec: {selector: {matchLabels: {tier: "
                           "x}}}}"));
    ck_assert_str_eq(errors.items[0].help,
                     "give the template the label tier: x");
}
END_TEST

/* ---- typed objects ------------------------------------------------------ */

START_TEST(a_deployment_is_typed_with_its_defaults)
{
    const struct deployment *d = deployment_seen(decode(deployment_text(arena,
        "{spec: {strategy: {rollingUpdate: {maxSurge: 0}}}}")));

    ck_assert_str_eq(d->meta.space, "default");
    ck_assert_int_eq(d->replicas, 1);
    ck_assert(d->max_unavailable.percent && d->max_unavailable.value == 25);
    ck_assert(!d->max_surge.percent && d->max_surge.value == 0);
    ck_assert_int_eq(d->revision_history_limit, 10);
    ck_assert_int_eq(d->progress_deadline_s, 600);
    ck_assert(selector_match(d->selector, d->template->labels));
    ck_assert_str_eq(value_text(value_at(d->raw, "spec.replicas"), ""), "1");
    ck_assert_ptr_null(value_get(d->raw, "status"));
}
END_TEST

START_TEST(replicas_are_set_in_both_forms)
{
    struct meta *m = decode(deployment_text(arena, ""));
    const struct value *raw = deployment_seen(m)->raw;

    deployment_set_replicas(arena, deployment_of(m), 7);
    ck_assert_int_eq(deployment_seen(m)->replicas, 7);
    ck_assert_str_eq(value_text(value_at(deployment_seen(m)->raw,
                                         "spec.replicas"), ""), "7");
    ck_assert_str_eq(value_text(value_at(raw, "spec.replicas"), ""), "1");
}
END_TEST

START_TEST(a_stored_deployment_reads_back_as_itself)
{
    struct meta *m = decode(deployment_text(arena, WITH("resources: {limits: "
        "{cpu: 1500m}}, ports: [{containerPort: 80}], livenessProbe: "
        "{tcpSocket: {port: 80}}")));
    struct meta *again = decode(object_raw(m));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert(value_equal(object_raw(m), object_raw(again)));
    ck_assert(!kind_ops_of(KIND_DEPLOYMENT)->spec_changed(m, again));
}
END_TEST

START_TEST(a_changed_spec_is_noticed_and_a_status_is_not)
{
    static const char *const changes[] = {
        "{spec: {replicas: 2}}", "{spec: {paused: true}}",
        "{spec: {minReadySeconds: 1}}", "{spec: {revisionHistoryLimit: 3}}",
        "{spec: {strategy: {type: Recreate}}}",
        "{spec: {strategy: {rollingUpdate: {maxSurge: 1}}}}",
        "{spec: {progressDeadlineSeconds: 60}}",
        "{spec: {template: {spec: {nodeSelector: {a: b}}}}}",
    };
    const struct kind_ops *ops = kind_ops_of(KIND_DEPLOYMENT);
    struct meta *m = decode(deployment_text(arena, ""));
    struct meta *n = decode(deployment_text(arena, ""));

    deployment_of(n)->ready = 3;
    deployment_of(n)->revision = 2;
    ck_assert(!ops->spec_changed(m, n));
    ops->copy_status(m, n);
    ck_assert_int_eq(deployment_seen(m)->ready, 3);
    ck_assert_int_eq(deployment_seen(m)->revision, 2);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        ck_assert_msg(ops->spec_changed(m, decode(deployment_text(arena,
                      changes[i]))), "%s", changes[i]);
}
END_TEST

START_TEST(a_service_is_typed_with_its_defaults)
{
    const struct service *s = service_seen(decode_text("{apiVersion: v1, "
        "kind: Service, metadata: {name: web}, spec: {selector: {app: web}, "
        "sessionAffinity: ClientIP, ports: [{name: a, port: 80}, {name: b, "
        "port: 81, targetPort: http}]}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_uint_eq(s->nports, 2);
    ck_assert_int_eq(s->ports[0].target_port, 80);
    ck_assert_str_eq(s->ports[1].target_name, "http");
    ck_assert(s->affinity && s->affinity_s == 10800);
    ck_assert(!s->internal_local && !s->headless);
    s = service_seen(decode_text("{apiVersion: v1, kind: Service, metadata: "
        "{name: db}, spec: {clusterIP: None}}"));
    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert(s->headless);
    ck_assert_ptr_null(s->selector);
}
END_TEST

/* Names that would be something else if they were read as YAML. */
START_TEST(names_in_a_rollout_are_taken_as_they_are)
{
    const struct argo *r = argo_seen(decode_text("{apiVersion: "
        "argoproj.io/v1alpha1, kind: Rollout, metadata: {name: web}, spec: "
        "{selector: {matchLabels: {app: web}}, template: {metadata: {labels: "
        "{app: web}}, spec: {containers: [{name: c, image: x}]}}, strategy: "
        "{canary: {canaryService: can, stableService: stab, trafficRouting: "
        "{managedRoutes: [{name: \"{a: b\"}], plugins: {x: {httpRoute: r}}}, "
        "steps: [{setHeaderRoute: {name: \"{a: b\", match: [{headerName: x, "
        "headerValue: {exact: y}}]}}, {setMirrorRoute: {name: \"{a: b\", "
        "percentage: 5}}, {experiment: {templates: [{name: a, specRef: "
        "canary}], analyses: [{name: q, templateName: \"{a: b\"}]}}]}}}}"));

    ck_assert_uint_eq(r->nsteps, 3);
    for (int i = 0; i < 2; i++)
        ck_assert_str_eq(value_text(value_get(r->steps[i].route->rule,
                                              "name"), ""), "{a: b");
    ck_assert_str_eq(value_text(value_at(
        r->steps[2].experiment->analyses[0].block,
        "templates[0].templateName"), ""), "{a: b");
}
END_TEST

START_TEST(a_pod_is_its_own_template)
{
    const struct pod *p = pod_seen(decode_text("{apiVersion: v1, kind: Pod, "
        "metadata: {name: one, labels: {a: b}}, spec: {restartPolicy: Never, "
        "containers: [{name: c, image: x}]}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_str_eq(labels_get(p->template->labels, "a"), "b");
    ck_assert_int_eq(p->template->spec->restart, RESTART_NEVER);
    ck_assert_int_eq(p->phase, POD_PENDING);
    ck_assert(p->ready_changed == SIM_NEVER);
}
END_TEST

START_TEST(claim_templates_are_volumes_of_a_statefulset)
{
    const struct statefulset *s = statefulset_seen(decode_text("{apiVersion: "
        "apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName:"
        " db, selector: {matchLabels: {app: db}}, template: {metadata: "
        "{labels: {app: db}}, spec: {containers: [{name: c, image: x, "
        "volumeMounts: [{name: data, mountPath: /d}]}]}}, "
        "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: "
        "[ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}]}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_uint_eq(s->nclaims, 1);
    ck_assert_str_eq(s->claims[0].name, "data");
    ck_assert(s->claims[0].bytes == INT64_C(10) << 30);
    ck_assert(!s->max_unavailable.percent && s->max_unavailable.value == 1);
}
END_TEST

START_TEST(a_job_may_come_with_what_the_server_made)
{
    const struct batch_job *j = batch_job_seen(decode_text("{apiVersion: "
        "batch/v1, kind: Job, metadata: {name: j}, spec: {completions: 4, "
        "selector: {matchLabels: {batch.kubernetes.io/controller-uid: x}}, "
        "template: {metadata: {labels: {job-name: j, app: a}}, spec: "
        "{restartPolicy: Never, containers: [{name: c, image: x}]}}}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_int_eq(j->spec->completions, 4);
    ck_assert_int_eq(j->spec->parallelism, 1);
    ck_assert_int_eq(j->spec->backoff_limit, 6);
    ck_assert_ptr_null(labels_get(j->spec->template->labels, "job-name"));
}
END_TEST

START_TEST(an_autoscaler_of_version_1_is_read_as_version_2)
{
    const struct hpa *h = hpa_seen(decode_text("{apiVersion: autoscaling/v1, "
        "kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: "
        "{maxReplicas: 5, targetCPUUtilizationPercentage: 60, scaleTargetRef: "
        "{apiVersion: apps/v1, kind: Deployment, name: web}}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert_uint_eq(h->nmetrics, 1);
    ck_assert_int_eq(h->metrics[0].utilization, 60);
    ck_assert_int_eq(h->min, 1);
    ck_assert(!h->behavior);
    ck_assert_int_eq(h->down.window_s, 300);
}
END_TEST

START_TEST(behavior_is_completed)
{
    const struct hpa *h = hpa_seen(decode_text("{apiVersion: autoscaling/v2, "
        "kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: "
        "{maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: web}, "
        "behavior: {scaleDown: {selectPolicy: Disabled}}}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert(h->behavior);
    ck_assert_uint_eq(h->up.npolicies, 2);
    ck_assert_int_eq(h->up.policies[0].value, 4);
    ck_assert_int_eq(h->up.window_s, 0);
    ck_assert_int_eq(h->down.select, HPA_DISABLED);
    ck_assert_uint_eq(h->down.npolicies, 1);
    ck_assert_int_eq(h->metrics[0].utilization, 80);
}
END_TEST

START_TEST(a_budget_without_numbers_asks_for_none)
{
    const struct budget *b = budget_seen(decode_text("{apiVersion: policy/v1, "
        "kind: PodDisruptionBudget, metadata: {name: b}, spec: {selector: "
        "{}}}"));

    ck_assert_str_eq(faults_text(arena, &errors), "");
    ck_assert(!b->terms.max_given && b->terms.value.value == 0);
    ck_assert(selector_match(b->selector, NULL));
}
END_TEST

START_TEST(a_generated_name_is_the_same_in_every_replication)
{
    const char *patch = "{metadata: {name: null, generateName: web-}}";
    const char *a = decode(deployment_text(arena, patch))->name;
    const char *b = decode(deployment_text(arena, patch))->name;

    ck_assert_str_eq(a, b);
    ck_assert_uint_eq(strlen(a), 9);
    ck_assert(strncmp(a, "web-", 4) == 0);
}
END_TEST

/* ---- updates ------------------------------------------------------------ */

static struct meta *job_of(int parallelism, const char *image)
{
    return decode_text(arena_printf(arena, "{apiVersion: batch/v1, kind: Job, "
        "metadata: {name: j}, spec: {parallelism: %d, template: {spec: "
        "{restartPolicy: Never, containers: [{name: c, image: \"%s\"}]}}}}",
        parallelism, image));
}

START_TEST(some_fields_may_not_be_changed)
{
    struct meta *web = decode(deployment_text(arena, ""));
    struct meta *one = job_of(1, "x"), *more = job_of(2, "x");
    struct meta *other = job_of(1, "z");

    err_init(&errors, arena);
    object_check_update(arena, web, web, &errors);
    object_check_update(arena, one, more, &errors);
    ck_assert_str_eq(faults_text(arena, &errors), "");
    object_check_update(arena, one, other, &errors);
    ck_assert_str_eq(faults_text(arena, &errors), "Invalid spec.template");
    other = decode(deployment_text(arena, "{spec: {selector: {matchLabels: "
        "{x: z}}, template: {metadata: {labels: {x: z}}}}}"));
    ck_assert_str_eq(faults_text(arena, &errors), "");
    object_check_update(arena, web, other, &errors);
    ck_assert_str_eq(faults_text(arena, &errors), "Invalid spec.selector");
}
END_TEST

/* ---- robustness --------------------------------------------------------- */

/* One good manifest per kind that is read, with as many fields as fit. */
static const char *const good[] = {
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: "
    "{a: b}, finalizers: [a/b]}, spec: {selector: {matchLabels: {app: web}, "
    "matchExpressions: [{key: app, operator: In, values: [web]}]}, strategy: "
    "{rollingUpdate: {maxSurge: 1}}, template: {metadata: {labels: {app: "
    "web}}, spec: {hostNetwork: true, nodeSelector: {a: b}, volumes: [{name: "
    "v, configMap: {name: m}}, {name: w, projected: {sources: [{secret: "
    "{name: s}}]}}], tolerations: [{key: a, operator: Exists}], affinity: "
    "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
    "{nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: "
    "[\"3\"]}]}]}}, podAntiAffinity: "
    "{preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, "
    "podAffinityTerm: {topologyKey: h, labelSelector: {}}}]}}, "
    "topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, "
    "whenUnsatisfiable: ScheduleAnyway}], initContainers: [{name: i, image: "
    "x, restartPolicy: Always}], containers: [{name: c, image: x, ports: "
    "[{containerPort: 80, name: h}], env: [{name: A, valueFrom: "
    "{secretKeyRef: {name: s, key: k}}}], envFrom: [{configMapRef: {name: "
    "m}}], volumeMounts: [{name: v, mountPath: /v}], resources: {requests: "
    "{cpu: 1}, limits: {cpu: 1}}, readinessProbe: {httpGet: {port: h}}, "
    "lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5]}}}}]}}}}",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: "
    "{selector: {matchLabels: {app: db}}, updateStrategy: {rollingUpdate: "
    "{partition: 1, maxUnavailable: 1}}, template: {metadata: {labels: {app: "
    "db}}, spec: {containers: [{name: c, image: x}]}}, volumeClaimTemplates: "
    "[{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: "
    "{requests: {storage: 1Gi}}}}]}}",
    "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}, spec: "
    "{selector: {matchLabels: {app: d}}, updateStrategy: {type: "
    "RollingUpdate}, template: {metadata: {labels: {app: d}}, spec: "
    "{containers: [{name: c, image: x}]}}}}",
    "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: "
    "NodePort, selector: {a: b}, ports: [{name: a, port: 80, targetPort: h, "
    "nodePort: 30000}], sessionAffinity: ClientIP, sessionAffinityConfig: "
    "{clientIP: {timeoutSeconds: 5}}}}",
    "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: "
    "{podFailurePolicy: {rules: [{action: Ignore, onExitCodes: {operator: In, "
    "values: [3]}}]}, template: {spec: {restartPolicy: Never, containers: "
    "[{name: c, image: x}]}}}}",
    "{apiVersion: batch/v1, kind: CronJob, metadata: {name: j}, spec: "
    "{schedule: \"0 * * * *\", timeZone: Etc/UTC, jobTemplate: {spec: "
    "{template: {spec: {restartPolicy: Never, containers: [{name: c, image: "
    "x}]}}}}}}",
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: "
    "{name: h}, spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, "
    "name: web}, metrics: [{type: Pods, pods: {metric: {name: q}, target: "
    "{type: AverageValue, averageValue: 10}}}], behavior: {scaleUp: "
    "{policies: [{type: Pods, value: 1, periodSeconds: 5}]}}}}",
    "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, "
    "spec: {maxUnavailable: 30%, selector: {matchLabels: {a: b}}}}",
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {k: v}}",
    "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {k: dg==}}",
    "{apiVersion: v1, kind: Node, metadata: {name: node}, spec: {taints: "
    "[{key: a, effect: NoSchedule}]}, status: {allocatable: {cpu: 4, memory: 8Gi}}}",
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p}, spec: "
    "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}",
};
#define GOODS ((int)(sizeof good / sizeof good[0]))

/* Patches on good manifests, by kind. */
START_TEST(other_kinds_are_validated_too)
{
    static const struct {
        const char *kind, *patch, *faults;
    } cases[] = {
        { "StatefulSet", "{spec: {updateStrategy: {rollingUpdate: "
          "{maxUnavailable: 0}}}}",
          "Invalid spec.updateStrategy.rollingUpdate.maxUnavailable" },
        { "StatefulSet", "{spec: {updateStrategy: {rollingUpdate: "
          "{maxUnavailable: -1, partition: -1}}}}",
          "Invalid spec.updateStrategy.rollingUpdate.partition; "
          "Invalid spec.updateStrategy.rollingUpdate.maxUnavailable" },
        { "StatefulSet", "{spec: {ordinals: {start: -1}}}",
          "Invalid spec.ordinals.start" },
        { "StatefulSet", "{metadata: {name: a.b}}", "Invalid metadata.name" },
        { "DaemonSet", "{spec: {selector: null}}",
          "Invalid spec.template.metadata.labels" },
        { "DaemonSet", "{spec: {updateStrategy: {type: Sometimes}}}",
          "NotSupported spec.updateStrategy" },
        { "DaemonSet", "{spec: {updateStrategy: {type: OnDelete}}}", "" },
        { "Service", "{spec: {type: ExternalName}}",
          "Required spec.externalName" },
        { "Service", "{spec: {type: ClusterIP}}",
          "Forbidden spec.ports[0].nodePort" },
        { "Service", "{spec: {type: Internal, ports: [{port: 80}]}}",
          "NotSupported spec.type" },
        { "Service", "{spec: {internalTrafficPolicy: Near}}",
          "NotSupported spec.internalTrafficPolicy" },
        { "Service", "{metadata: {name: web.x}}", "Invalid metadata.name" },
        { "Job", "{spec: {selector: {matchLabels: {a: b}}}}",
          "Invalid spec.selector; Invalid spec.template.metadata.labels" },
        { "Job", "{spec: {manualSelector: true}}",
          "Required spec.selector; Invalid spec.template.metadata.labels" },
        { "Job", "{spec: {backoffLimitPerIndex: 1}}",
          "Invalid spec.backoffLimitPerIndex" },
        { "CronJob", "{spec: {timeZone: Europe/Berlin}}",
          "not-simulated spec.timeZone" },
        { "CronJob", "{spec: {timeZone: Etc/UTC}}", "" },
        { "Job", "{spec: {podFailurePolicy: {rules: [{action: Retry}]}}}",
          "NotSupported spec.podFailurePolicy.rules[0].action; "
          "Invalid spec.podFailurePolicy.rules[0]" },
        { "CronJob", "{spec: {schedule: \"61 * * * *\"}}",
          "Invalid spec.schedule" },
        { "CronJob", "{spec: {timeZone: \"\"}}", "Invalid spec.timeZone" },
        { "CronJob", "{spec: {jobTemplate: {spec: {completions: -1}}}}",
          "Invalid spec.jobTemplate.spec.completions" },
        { "HorizontalPodAutoscaler", "{spec: {minReplicas: 0}}",
          "Invalid spec.minReplicas; Forbidden spec.metrics" },
        { "HorizontalPodAutoscaler", "{spec: {maxReplicas: -1}}",
          "Invalid spec.maxReplicas; Invalid spec.maxReplicas" },
        { "HorizontalPodAutoscaler", "{spec: {scaleTargetRef: {name: null}}}",
          "Required spec.scaleTargetRef.name" },
        { "HorizontalPodAutoscaler", "{spec: {behavior: {scaleUp: {policies: "
          "[]}}}}", "Required spec.behavior.scaleUp.policies" },
        { "HorizontalPodAutoscaler", "{spec: {metrics: [{type: Resource, "
          "resource: {name: cpu, target: {type: Utilization}}}]}}",
          "Required spec.metrics[0].resource.target.averageUtilization" },
        { "HorizontalPodAutoscaler", "{spec: {metrics: [{type: Resource, "
          "pods: {metric: {name: q}, target: {type: AverageValue, "
          "averageValue: 1}}}]}}", "Required spec.metrics[0].resource" },
        { "PodDisruptionBudget", "{spec: {maxUnavailable: half}}",
          "Invalid spec.maxUnavailable" },
        { "ConfigMap", "{data: {\"a b\": c}}", "Invalid data[a b]" },
        { "Node", "{spec: {taints: [{key: a}]}}",
          "Required spec.taints[0].effect" },
        { "PersistentVolumeClaim", "{spec: {accessModes: [], resources: "
          "null}}", "Required spec.accessModes; "
          "Required spec.resources[storage]" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct value *v = NULL;

        for (int g = 0; g < GOODS; g++) {
            const struct value *root = value_flow(arena, good[g], NULL);

            if (strcmp(value_text(value_get(root, "kind"), ""),
                       cases[i].kind) == 0)
                v = root;
        }
        ck_assert_msg(v != NULL, "broken test: %s", cases[i].kind);
        decode(value_merge(arena, v, value_flow(arena, cases[i].patch,
                                                NULL)));
        ck_assert_msg(strcmp(faults_text(arena, &errors), cases[i].faults)
                      == 0, "%s %s\n  got  %s\n  want %s", cases[i].kind,
                      cases[i].patch, faults_text(arena, &errors),
                      cases[i].faults);
    }
}
END_TEST

/* Decode root with x in place of each value below path, in turn. */
static void replace_below(const struct value *root, const struct value *v,
                          const char *path, const struct value *x)
{
    struct err_list own;
    enum kind k = kind_by_resource(value_text(value_get(root, "kind"), ""));

    for (size_t i = 0; v->type != VALUE_SCALAR && i < v->len; i++) {
        const char *key = v->type == VALUE_LIST
            ? arena_printf(arena, "%s[%zu]", path, i)
            : arena_printf(arena, "%s%s\"%s\"", path, *path ? "." : "",
                           v->u.members[i].key);
        const struct value *changed = value_set(arena, root, key, x);

        ck_assert_msg(changed != NULL, "broken test: %s", key);
        err_init(&own, arena);
        ck_assert_ptr_nonnull(kind_ops_of(k)->decode(arena, changed, &own));
        replace_below(root, v->type == VALUE_LIST ? v->u.items[i]
                      : v->u.members[i].value, key, x);
    }
}

/* One case per good manifest; must not crash, and every fault has a path. */
START_TEST(no_value_in_the_place_of_another_breaks_the_reader)
{
    static const char *const values[] = { "~", "\"\"", "text", "0", "-1",
        "99999999999", "yes", "[]", "{}", "[~]", "[[]]", "{a: ~}", "1.5" };
    const struct value *root = value_flow(arena, good[_i], NULL);

    ck_assert_msg(root != NULL, "broken test: %s", good[_i]);
    decode(root);
    ck_assert_msg(errors.errors == 0 && errors.warnings == 0, "%s: %s",
                  good[_i], faults_text(arena, &errors));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        replace_below(root, root, "", value_flow(arena, values[i], NULL));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("manifest");
    TCase *tc = tcase_create("manifests");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, wrong_types_are_bad_requests);
    tcase_add_test(tc, text_that_looks_like_a_number_is_to_be_quoted);
    tcase_add_test(tc, yes_and_on_are_true_where_a_boolean_is_expected);
    tcase_add_test(tc, unknown_fields_are_warned_of_with_a_suggestion);
    tcase_add_test(tc, fields_that_matter_and_are_not_simulated_are_said);
    tcase_add_test(tc, what_kubectl_prints_is_taken_in_silence);
    tcase_add_test(tc, metadata_is_validated);
    tcase_add_test(tc, selectors_must_be_there_and_match);
    tcase_add_test(tc, strategies_are_validated);
    tcase_add_test(tc, containers_are_validated);
    tcase_add_test(tc, pods_are_validated);
    tcase_add_test(tc, faults_know_their_place);
    tcase_add_test(tc, a_selector_that_misses_says_which_label_is_wanted);
    tcase_add_test(tc, a_deployment_is_typed_with_its_defaults);
    tcase_add_test(tc, replicas_are_set_in_both_forms);
    tcase_add_test(tc, a_stored_deployment_reads_back_as_itself);
    tcase_add_test(tc, a_changed_spec_is_noticed_and_a_status_is_not);
    tcase_add_test(tc, a_service_is_typed_with_its_defaults);
    tcase_add_test(tc, names_in_a_rollout_are_taken_as_they_are);
    tcase_add_test(tc, a_pod_is_its_own_template);
    tcase_add_test(tc, claim_templates_are_volumes_of_a_statefulset);
    tcase_add_test(tc, a_job_may_come_with_what_the_server_made);
    tcase_add_test(tc, an_autoscaler_of_version_1_is_read_as_version_2);
    tcase_add_test(tc, behavior_is_completed);
    tcase_add_test(tc, a_budget_without_numbers_asks_for_none);
    tcase_add_test(tc, a_generated_name_is_the_same_in_every_replication);
    tcase_add_test(tc, some_fields_may_not_be_changed);
    tcase_add_test(tc, other_kinds_are_validated_too);
    tcase_add_loop_test(tc, no_value_in_the_place_of_another_breaks_the_reader,
                        0, GOODS);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
