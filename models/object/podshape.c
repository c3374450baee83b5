/*
 * podshape.c - what a pod template may contain, and its defaults.
 *
 * Fields that cannot change a simulated outcome (securityContext, args, dns)
 * are silent; fields that can and are not simulated are reported.  Both are
 * kept, because any change of a template starts a rollout.
 *
 * Not done here: requests copied from limits.  The API server does that for
 * Pods only, not in templates, so adding such a request starts a rollout.
 *
 * Source: k8s.io/api core/v1 types and pkg/apis/core/v1/defaults.go,
 * Kubernetes 1.36 (reference 11.1).
 */
#include "read.h"

#include <string.h>

#include "base/vec.h"

/* ---- containers --------------------------------------------------------- */

static const struct shape_field port_fields[] = {
    READ(TEXT, "name"), READ(INT, "containerPort"),
    READ_DEF(INT, "hostPort", "0"), READ(TEXT, "hostIP"),
    READ_DEF(TEXT, "protocol", "TCP"), SHAPE_END
};
static const struct shape port_shape = { port_fields, NULL };

static const struct shape_field key_ref_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "key"), READ(BOOL, "optional"), SHAPE_END
};
static const struct shape key_ref_shape = { key_ref_fields, NULL };
static const struct shape_field field_ref_fields[] = {
    SILENT_DEF(TEXT, "apiVersion", "v1"), READ(TEXT, "fieldPath"), SHAPE_END
};
static const struct shape field_ref_shape = { field_ref_fields, NULL };
static const struct shape_field resource_ref_fields[] = {
    SILENT(TEXT, "containerName"), READ(TEXT, "resource"),
    SILENT_DEF(QUANTITY, "divisor", "0"), SHAPE_END
};
static const struct shape resource_ref_shape = { resource_ref_fields, NULL };
static const struct shape_field value_from_fields[] = {
    OBJECT("fieldRef", field_ref_shape),
    OBJECT("resourceFieldRef", resource_ref_shape),
    OBJECT("configMapKeyRef", key_ref_shape),
    OBJECT("secretKeyRef", key_ref_shape), READ(ANY, "fileKeyRef"), SHAPE_END
};
static const struct shape value_from_shape = { value_from_fields, NULL };
static const struct shape_field env_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "value"),
    OBJECT("valueFrom", value_from_shape), SHAPE_END
};
static const struct shape env_shape = { env_fields, NULL };

static const struct shape_field object_ref_fields[] = {
    READ(TEXT, "name"), READ(BOOL, "optional"), SHAPE_END
};
static const struct shape object_ref_shape = { object_ref_fields, NULL };
static const struct shape_field env_from_fields[] = {
    READ(TEXT, "prefix"), OBJECT("configMapRef", object_ref_shape),
    OBJECT("secretRef", object_ref_shape), SHAPE_END
};
static const struct shape env_from_shape = { env_from_fields, NULL };

static const struct shape_field resources_fields[] = {
    READ(QUANTITIES, "limits"), READ(QUANTITIES, "requests"),
    REPORT(ANY, "claims"), SHAPE_END
};
static const struct shape resources_shape = { resources_fields, NULL };

static const struct shape_field mount_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "mountPath"),
    SILENT_DEF(BOOL, "readOnly", "false"), SILENT(TEXT, "recursiveReadOnly"),
    SILENT(TEXT, "subPath"), SILENT(TEXT, "subPathExpr"),
    SILENT(TEXT, "mountPropagation"), SHAPE_END
};
static const struct shape mount_shape = { mount_fields, NULL };

/* ---- probes and hooks --------------------------------------------------- */

static const struct shape_field exec_fields[] = {
    READ(TEXTS, "command"), SHAPE_END
};
static const struct shape exec_shape = { exec_fields, NULL };
static const struct shape_field http_fields[] = {
    READ_DEF(TEXT, "path", "/"), READ(INT_OR_TEXT, "port"),
    SILENT(TEXT, "host"), READ_DEF(TEXT, "scheme", "HTTP"),
    SILENT(ANY, "httpHeaders"), SHAPE_END
};
static const struct shape http_shape = { http_fields, NULL };
static const struct shape_field tcp_fields[] = {
    READ(INT_OR_TEXT, "port"), SILENT(TEXT, "host"), SHAPE_END
};
static const struct shape tcp_shape = { tcp_fields, NULL };
static const struct shape_field grpc_fields[] = {
    READ(INT, "port"), SILENT(TEXT, "service"), SHAPE_END
};
static const struct shape grpc_shape = { grpc_fields, NULL };
static const struct shape_field sleep_fields[] = {
    READ_DEF(INT64, "seconds", "0"), SHAPE_END
};
static const struct shape sleep_shape = { sleep_fields, NULL };

/* A probe's 0 is Go's "not set". */
static const struct value *complete_probe(struct arena *a,
                                          const struct value *v)
{
    static const char *const defaults[][2] = {
        { "timeoutSeconds", "1" }, { "periodSeconds", "10" },
        { "successThreshold", "1" }, { "failureThreshold", "3" },
    };

    for (size_t i = 0; i < 4; i++)
        if (strcmp(value_text(value_get(v, defaults[i][0]), "0"), "0") == 0)
            v = with_plain(a, v, defaults[i][0], defaults[i][1]);
    return v;
}

static const struct shape_field probe_fields[] = {
    OBJECT("exec", exec_shape), OBJECT("httpGet", http_shape),
    OBJECT("tcpSocket", tcp_shape), OBJECT("grpc", grpc_shape),
    READ_DEF(INT, "initialDelaySeconds", "0"), READ(INT, "timeoutSeconds"),
    READ(INT, "periodSeconds"), READ(INT, "successThreshold"),
    READ(INT, "failureThreshold"),
    READ(INT64, "terminationGracePeriodSeconds"), SHAPE_END
};
static const struct shape probe_shape = { probe_fields, complete_probe };

static const struct shape_field hook_fields[] = {
    OBJECT("exec", exec_shape), OBJECT("httpGet", http_shape),
    OBJECT("tcpSocket", tcp_shape), OBJECT("sleep", sleep_shape), SHAPE_END
};
static const struct shape hook_shape = { hook_fields, NULL };
static const struct shape_field lifecycle_fields[] = {
    OBJECT("postStart", hook_shape), OBJECT("preStop", hook_shape),
    SILENT(TEXT, "stopSignal"), SHAPE_END
};
static const struct shape lifecycle_shape = { lifecycle_fields, NULL };

/* Is the tag of an image latest, given or not? */
static bool is_latest(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *tag = strchr(slash ? slash : image, ':');

    if (strchr(image, '@'))
        return false;
    return tag == NULL || strcmp(tag, ":latest") == 0;
}

/* imagePullPolicy by the tag. */
static const struct value *complete_container(struct arena *a,
                                              const struct value *v)
{
    const char *image = value_text(value_get(v, "image"), "");

    if (value_get(v, "imagePullPolicy"))
        return v;
    return value_set(a, v, "imagePullPolicy",
                     value_string(a, is_latest(image) ? "Always"
                                  : "IfNotPresent", &v->mark));
}

static const struct shape_field container_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "image"), SILENT(TEXTS, "command"),
    SILENT(TEXTS, "args"), SILENT(TEXT, "workingDir"),
    LIST("ports", port_shape), LIST("env", env_shape),
    LIST("envFrom", env_from_shape),
    OBJECT_DEF("resources", resources_shape), SILENT(ANY, "resizePolicy"),
    READ(TEXT, "restartPolicy"), REPORT(ANY, "restartPolicyRules"),
    LIST("volumeMounts", mount_shape), SILENT(ANY, "volumeDevices"),
    OBJECT("livenessProbe", probe_shape),
    OBJECT("readinessProbe", probe_shape),
    OBJECT("startupProbe", probe_shape), OBJECT("lifecycle", lifecycle_shape),
    SILENT_DEF(TEXT, "terminationMessagePath", "/dev/termination-log"),
    READ_DEF(TEXT, "terminationMessagePolicy", "File"),
    READ(TEXT, "imagePullPolicy"), SILENT(ANY, "securityContext"),
    SILENT_DEF(BOOL, "stdin", "false"), SILENT_DEF(BOOL, "stdinOnce", "false"),
    SILENT_DEF(BOOL, "tty", "false"), SHAPE_END
};
static const struct shape container_shape = { container_fields,
                                              complete_container };

/* ---- volumes ------------------------------------------------------------ */

static const struct shape_field config_volume_fields[] = {
    READ(TEXT, "name"), SILENT(ANY, "items"),
    SILENT_DEF(ANY, "defaultMode", "420"), READ(BOOL, "optional"), SHAPE_END
};
static const struct shape config_volume_shape = { config_volume_fields,
                                                  NULL };
static const struct shape_field secret_volume_fields[] = {
    READ(TEXT, "secretName"), SILENT(ANY, "items"),
    SILENT_DEF(ANY, "defaultMode", "420"), READ(BOOL, "optional"), SHAPE_END
};
static const struct shape secret_volume_shape = { secret_volume_fields,
                                                  NULL };
static const struct shape_field claim_fields[] = {
    READ(TEXT, "claimName"), SILENT_DEF(BOOL, "readOnly", "false"), SHAPE_END
};
static const struct shape claim_shape = { claim_fields, NULL };
static const struct shape_field projection_fields[] = {
    READ(TEXT, "name"), SILENT(ANY, "items"), READ(BOOL, "optional"),
    SHAPE_END
};
static const struct shape projection_shape = { projection_fields, NULL };
static const struct shape_field projected_source_fields[] = {
    OBJECT("configMap", projection_shape), OBJECT("secret", projection_shape),
    SILENT(ANY, "downwardAPI"), SILENT(ANY, "serviceAccountToken"),
    SILENT(ANY, "clusterTrustBundle"), SILENT(ANY, "podCertificate"),
    SHAPE_END
};
static const struct shape projected_source_shape = { projected_source_fields,
                                                     NULL };
static const struct shape_field projected_fields[] = {
    LIST("sources", projected_source_shape),
    SILENT_DEF(ANY, "defaultMode", "420"), SHAPE_END
};
static const struct shape projected_shape = { projected_fields, NULL };

/* A volume without a source is an emptyDir. */
static const struct value *complete_volume(struct arena *a,
                                           const struct value *v)
{
    if (v->len > 1 || (v->len == 1 && !value_get(v, "name")))
        return v;
    return value_set(a, v, "emptyDir", value_map(a, NULL, 0, &v->mark));
}

static const struct shape_field volume_fields[] = {
    READ(TEXT, "name"), READ(ANY, "emptyDir"), READ(ANY, "hostPath"),
    OBJECT("configMap", config_volume_shape),
    OBJECT("secret", secret_volume_shape),
    OBJECT("persistentVolumeClaim", claim_shape),
    OBJECT("projected", projected_shape), SILENT(ANY, "downwardAPI"),
    SILENT(ANY, "nfs"), SILENT(ANY, "csi"), SILENT(ANY, "image"),
    REPORT(ANY, "ephemeral"), SILENT(ANY, "gitRepo"), SILENT(ANY, "fc"),
    SILENT(ANY, "iscsi"), SILENT(ANY, "rbd"), SILENT(ANY, "cephfs"),
    SILENT(ANY, "cinder"), SILENT(ANY, "glusterfs"), SILENT(ANY, "flocker"),
    SILENT(ANY, "gcePersistentDisk"), SILENT(ANY, "awsElasticBlockStore"),
    SILENT(ANY, "azureDisk"), SILENT(ANY, "azureFile"),
    SILENT(ANY, "vsphereVolume"), SILENT(ANY, "flexVolume"),
    SILENT(ANY, "quobyte"), SILENT(ANY, "photonPersistentDisk"),
    SILENT(ANY, "portworxVolume"), SILENT(ANY, "scaleIO"),
    SILENT(ANY, "storageos"), SHAPE_END
};
static const struct shape volume_shape = { volume_fields, complete_volume };

/* ---- placement ---------------------------------------------------------- */

static const struct shape_field requirement_fields[] = {
    READ(TEXT, "key"), READ(TEXT, "operator"), READ(TEXTS, "values"),
    SHAPE_END
};
static const struct shape requirement_shape = { requirement_fields, NULL };
static const struct shape_field node_term_fields[] = {
    LIST("matchExpressions", requirement_shape),
    LIST("matchFields", requirement_shape), SHAPE_END
};
static const struct shape node_term_shape = { node_term_fields, NULL };
static const struct shape_field node_selector_fields[] = {
    LIST("nodeSelectorTerms", node_term_shape), SHAPE_END
};
const struct shape shape_node_selector = { node_selector_fields, NULL };
static const struct shape_field node_preferred_fields[] = {
    READ(INT, "weight"), OBJECT_DEF("preference", node_term_shape), SHAPE_END
};
static const struct shape node_preferred_shape = { node_preferred_fields,
                                                   NULL };
#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"
static const struct shape_field node_affinity_fields[] = {
    OBJECT(REQUIRED, shape_node_selector),
    LIST(PREFERRED, node_preferred_shape), SHAPE_END
};
static const struct shape node_affinity_shape = { node_affinity_fields,
                                                  NULL };
static const struct shape_field pod_term_fields[] = {
    OBJECT("labelSelector", shape_selector), READ(TEXT, "topologyKey"),
    READ(TEXTS, "namespaces"), REPORT(ANY, "namespaceSelector"),
    REPORT(TEXTS, "matchLabelKeys"), REPORT(TEXTS, "mismatchLabelKeys"),
    SHAPE_END
};
static const struct shape pod_term_shape = { pod_term_fields, NULL };
static const struct shape_field pod_preferred_fields[] = {
    READ(INT, "weight"), OBJECT_DEF("podAffinityTerm", pod_term_shape),
    SHAPE_END
};
static const struct shape pod_preferred_shape = { pod_preferred_fields,
                                                  NULL };
static const struct shape_field pod_affinity_fields[] = {
    LIST(REQUIRED, pod_term_shape), LIST(PREFERRED, pod_preferred_shape),
    SHAPE_END
};
static const struct shape pod_affinity_shape = { pod_affinity_fields, NULL };
static const struct shape_field affinity_fields[] = {
    OBJECT("nodeAffinity", node_affinity_shape),
    OBJECT("podAffinity", pod_affinity_shape),
    OBJECT("podAntiAffinity", pod_affinity_shape), SHAPE_END
};
static const struct shape affinity_shape = { affinity_fields, NULL };

static const struct shape_field toleration_fields[] = {
    READ(TEXT, "key"), READ(TEXT, "operator"), READ(TEXT, "value"),
    READ(TEXT, "effect"), READ(INT64, "tolerationSeconds"), SHAPE_END
};
static const struct shape toleration_shape = { toleration_fields, NULL };
static const struct shape_field spread_fields[] = {
    READ(INT, "maxSkew"), READ(TEXT, "topologyKey"),
    READ(TEXT, "whenUnsatisfiable"), OBJECT("labelSelector", shape_selector),
    READ(INT, "minDomains"), REPORT(TEXT, "nodeAffinityPolicy"),
    REPORT(TEXT, "nodeTaintsPolicy"), READ(TEXTS, "matchLabelKeys"),
    SHAPE_END
};
static const struct shape spread_shape = { spread_fields, NULL };
static const struct shape_field gate_fields[] = {
    READ(TEXT, "conditionType"), SHAPE_END
};
static const struct shape gate_shape = { gate_fields, NULL };
static const struct shape_field scheduling_gate_fields[] = {
    READ(TEXT, "name"), SHAPE_END
};
static const struct shape scheduling_gate_shape = { scheduling_gate_fields,
                                                    NULL };

/* ---- the pod ------------------------------------------------------------ */

/* hostNetwork: each containerPort is a hostPort too. */
static const struct value *complete_host_ports(struct arena *a,
                                               const struct value *v,
                                               const char *list)
{
    const struct value *containers = value_get(v, list);

    for (size_t i = 0; containers && i < containers->len; i++) {
        const struct value *ports = value_get(containers->u.items[i],
                                              "ports");

        for (size_t p = 0; ports && p < ports->len; p++) {
            const struct value *port = ports->u.items[p];
            const char *number = value_text(value_get(port, "containerPort"),
                                            "0");

            if (strcmp(value_text(value_get(port, "hostPort"), "0"), "0") != 0)
                continue;
            v = value_set(a, v, arena_printf(a, "%s[%zu].ports[%zu].hostPort",
                                             list, i, p),
                          value_plain(a, number, &port->mark));
        }
    }
    return v;
}

/* serviceAccount is the old name of serviceAccountName. */
static const struct value *complete_pod(struct arena *a,
                                        const struct value *v)
{
    const struct value *old = value_get(v, "serviceAccount");

    if (old && value_get(v, "serviceAccountName") == NULL)
        v = value_set(a, v, "serviceAccountName", old);
    if (old)
        v = value_set(a, v, "serviceAccount", NULL);
    if (strcmp(value_text(value_get(v, "hostNetwork"), ""), "true") == 0) {
        v = complete_host_ports(a, v, "containers");
        v = complete_host_ports(a, v, "initContainers");
    }
    return v;
}

static const struct shape_field pod_fields[] = {
    LIST("volumes", volume_shape), LIST("initContainers", container_shape),
    LIST("containers", container_shape), READ(ANY, "ephemeralContainers"),
    READ_DEF(TEXT, "restartPolicy", "Always"),
    READ_DEF(INT64, "terminationGracePeriodSeconds", "30"),
    READ(INT64, "activeDeadlineSeconds"),
    READ_DEF(TEXT, "dnsPolicy", "ClusterFirst"), READ(LABELS, "nodeSelector"),
    READ(TEXT, "serviceAccountName"), READ(TEXT, "serviceAccount"),
    SILENT(BOOL, "automountServiceAccountToken"), READ(TEXT, "nodeName"),
    READ_DEF(BOOL, "hostNetwork", "false"),
    SILENT_DEF(BOOL, "hostPID", "false"),
    SILENT_DEF(BOOL, "hostIPC", "false"), SILENT(BOOL, "shareProcessNamespace"),
    SILENT_DEF(ANY, "securityContext", "{}"), SILENT(ANY, "imagePullSecrets"),
    READ(TEXT, "hostname"), READ(TEXT, "subdomain"),
    OBJECT("affinity", affinity_shape),
    READ_DEF(TEXT, "schedulerName", "default-scheduler"),
    LIST("tolerations", toleration_shape), SILENT(ANY, "hostAliases"),
    READ(TEXT, "priorityClassName"), READ(INT, "priority"),
    SILENT(ANY, "dnsConfig"), LIST("readinessGates", gate_shape),
    SILENT(TEXT, "runtimeClassName"), SILENT(BOOL, "enableServiceLinks"),
    READ(TEXT, "preemptionPolicy"), READ(QUANTITIES, "overhead"),
    LIST("topologySpreadConstraints", spread_shape),
    SILENT(BOOL, "setHostnameAsFQDN"), SILENT(ANY, "os"),
    SILENT(BOOL, "hostUsers"), LIST("schedulingGates", scheduling_gate_shape),
    REPORT(ANY, "resourceClaims"), OBJECT("resources", resources_shape),
    SILENT(TEXT, "hostnameOverride"), REPORT(ANY, "workloadRef"), SHAPE_END
};
const struct shape shape_pod_spec = { pod_fields, complete_pod };

static const struct shape_field template_fields[] = {
    OBJECT_DEF("metadata", shape_metadata),
    OBJECT_DEF("spec", shape_pod_spec), SHAPE_END
};
const struct shape shape_template = { template_fields, NULL };
