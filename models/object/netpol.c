/*
 * netpol.c - the NetworkPolicy object: fields, defaults, validation.
 *
 * policyTypes that are not given are Ingress, and Egress too if egress is.
 * Not modelled: IPv6 blocks (an error says so).
 * Source: pkg/apis/networking/v1/defaults.go and networking/validation,
 * Kubernetes 1.36 (reference 10.5, 11.1).
 */
#include "models/netpol.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "read.h"

static const struct shape_field block_fields[] = {
    READ(TEXT, "cidr"), READ(TEXTS, "except"), SHAPE_END
};
static const struct shape block_shape = { block_fields, NULL };
static const struct shape_field peer_fields[] = {
    KEEP(OBJECT, "podSelector", &shape_selector),
    KEEP(OBJECT, "namespaceSelector", &shape_selector),
    OBJECT("ipBlock", block_shape), SHAPE_END
};
static const struct shape peer_shape = { peer_fields, NULL };
static const struct shape_field port_fields[] = {
    READ_DEF(TEXT, "protocol", "TCP"), READ(INT_OR_TEXT, "port"),
    READ(INT, "endPort"), SHAPE_END
};
static const struct shape port_shape = { port_fields, NULL };
static const struct shape_field in_fields[] = {
    LIST("from", peer_shape), LIST("ports", port_shape), SHAPE_END
};
static const struct shape in_shape = { in_fields, NULL };
static const struct shape_field out_fields[] = {
    LIST("to", peer_shape), LIST("ports", port_shape), SHAPE_END
};
static const struct shape out_shape = { out_fields, NULL };
static const struct shape_field spec_fields[] = {
    KEEP(OBJECT, "podSelector", &shape_selector),
    KEEP(LIST, "ingress", &in_shape), KEEP(LIST, "egress", &out_shape),
    READ(TEXTS, "policyTypes"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field netpol_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape netpol_shape = { netpol_fields, NULL };
static const struct object_type netpol_type = {
    KIND_NETPOL, &netpol_shape, NAME_SUBDOMAIN
};

/* ---- addresses ---------------------------------------------------------- */

bool net_address_parse(const char *text, uint32_t *out)
{
    unsigned part[4];
    char rest;

    if (!isdigit((unsigned char)*text) ||
        sscanf(text, "%3u.%3u.%3u.%3u%c", &part[0], &part[1], &part[2],
               &part[3], &rest) != 4)
        return false;
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if (part[i] > 255)
            return false;
        *out = *out << 8 | part[i];
    }
    return true;
}

/* "10.0.0.0/8", "10.1.2.3/32". */
static bool net_block_parse(const char *text, struct net_block *out)
{
    const char *slash = strchr(text, '/');
    char address[20];
    int64_t bits;
    uint32_t at;

    if (!slash || (size_t)(slash - text) >= sizeof(address) ||
        !parse_int(slash + 1, &bits, NULL) || bits < 0 || bits > 32)
        return false;
    snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
    if (!net_address_parse(address, &at))
        return false;
    out->mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    out->address = at & out->mask;
    return true;
}

/* ---- validation --------------------------------------------------------- */

/* A CIDR; false, and faulted, if it is none. */
static bool check_cidr(struct reader *r, const struct at *at,
                       struct net_block *out)
{
    const char *text = value_text(at->v, "");

    if (net_block_parse(text, out))
        return true;
    if (strchr(text, ':'))
        fault(r, at, "Invalid", "is an IPv6 block, which is not supported "
              "yet");
    else
        diag_help(r->errors, fault(r, at, "Invalid", "must be a block of "
                  "addresses, got \"%s\"", text),
                  "for example 10.9.0.0/16, or 10.9.8.7/32 for one address");
    return false;
}

static void check_block(struct reader *r, const struct at *block)
{
    struct at cidr = at_field(block, "cidr");
    struct at except = at_field(block, "except");
    struct net_block all, part;

    if (!cidr.v) {
        fault_required(r, &cidr);
        return;
    }
    if (!check_cidr(r, &cidr, &all))
        return;
    for (size_t i = 0; i < at_len(&except); i++) {
        struct at item = at_item(&except, i);

        if (check_cidr(r, &item, &part) &&
            ((part.address & all.mask) != all.address ||
             part.mask <= all.mask))
            fault(r, &item, "Invalid", "must be a strict subset of cidr");
    }
}

static void check_peer(struct reader *r, const struct at *peer)
{
    struct at pods = at_field(peer, "podSelector");
    struct at spaces = at_field(peer, "namespaceSelector");
    struct at block = at_field(peer, "ipBlock");

    check_selector(r, &pods);
    check_selector(r, &spaces);
    if (block.v)
        check_block(r, &block);
    if (block.v && (pods.v || spaces.v))
        fault_forbidden(r, peer, "may not specify both ipBlock and another "
                        "peer");
    else if (!block.v && !pods.v && !spaces.v)
        diag_help(r->errors, fault(r, peer, "Required", "must specify a peer"),
                  "podSelector: {} is every pod of the namespace");
}

static void check_ports(struct reader *r, const struct at *rule)
{
    static const char *const protocols[] = { "TCP", "UDP", "SCTP", NULL };
    struct at ports = at_field(rule, "ports");

    for (size_t i = 0; i < at_len(&ports); i++) {
        struct at item = at_item(&ports, i);
        struct at port = at_field(&item, "port");
        struct at end = at_field(&item, "endPort");
        int64_t first = 0;
        bool number = port.v && parse_int(value_text(port.v, ""), &first,
                                          NULL);

        check_word(r, &item, "protocol", protocols, 0);
        if (port.v)
            check_port_or_name(r, &port);
        if (end.v && !number)
            fault(r, &end, "Invalid", "may not be specified when %s",
                  port.v ? "port is a name" : "there is no port");
        else if (end.v && at_int(&end, 0) < first)
            fault(r, &end, "Invalid", "must be greater than or equal to port");
        else if (end.v)
            check_port(r, &end, at_int(&end, 0));
    }
}

static void check_rules(struct reader *r, const struct at *spec,
                        const char *key, const char *peers_key)
{
    struct at rules = at_field(spec, key);

    for (size_t i = 0; i < at_len(&rules); i++) {
        struct at rule = at_item(&rules, i);
        struct at peers = at_field(&rule, peers_key);

        check_ports(r, &rule);
        for (size_t k = 0; k < at_len(&peers); k++) {
            struct at peer = at_item(&peers, k);

            check_peer(r, &peer);
        }
    }
}

static void check_spec(struct reader *r, const struct at *spec)
{
    static const char *const words[] = { "Ingress", "Egress", NULL };
    struct at pods = at_field(spec, "podSelector");
    struct at types = at_field(spec, "policyTypes");

    check_selector(r, &pods);   /* {} if it is not given (1.36) */
    check_rules(r, spec, "ingress", "from");
    check_rules(r, spec, "egress", "to");
    for (size_t i = 0; i < at_len(&types); i++) {
        struct at item = at_item(&types, i);

        if (word_index(words, value_text(item.v, "")) < 0)
            fault_unsupported(r, &item, words);
    }
}

/* ---- the typed form ----------------------------------------------------- */

static struct net_peer peer_of(struct arena *a, const struct at *at)
{
    struct at block = at_field(at, "ipBlock");
    struct at except = at_field(&block, "except");
    struct net_block *parts = arena_many(a, struct net_block,
                                         at_len(&except));
    struct net_peer p = {
        .pods = selector_from(a, at_field(at, "podSelector").v, NULL),
        .spaces = selector_from(a, at_field(at, "namespaceSelector").v, NULL),
        .by_address = block.v != NULL, .except = parts,
    };

    net_block_parse(get_text(&block, "cidr", ""), &p.block);
    for (size_t i = 0; i < at_len(&except); i++)
        p.nexcept += net_block_parse(value_text(except.v->u.items[i], ""),
                                     &parts[p.nexcept]);
    return p;
}

static struct net_port port_of(const struct at *at)
{
    struct at port = at_field(at, "port");
    struct net_port p = { .protocol = get_text(at, "protocol", "TCP") };
    int64_t number;

    if (!port.v)
        return p;
    if (parse_int(value_text(port.v, ""), &number, NULL)) {
        p.first = (int)number;
        p.last = (int)get_int(at, "endPort", number);
    } else {
        p.name = value_text(port.v, "");
    }
    return p;
}

static struct net_rule rule_of(struct arena *a, const struct at *at,
                               const char *peers_key)
{
    struct at peers = at_field(at, peers_key), ports = at_field(at, "ports");
    struct net_peer *all = arena_many(a, struct net_peer, at_len(&peers));
    struct net_port *doors = arena_many(a, struct net_port, at_len(&ports));

    for (size_t i = 0; i < at_len(&peers); i++) {
        struct at item = at_item(&peers, i);

        all[i] = peer_of(a, &item);
    }
    for (size_t i = 0; i < at_len(&ports); i++) {
        struct at item = at_item(&ports, i);

        doors[i] = port_of(&item);
    }
    return (struct net_rule){ .peers = all, .npeers = at_len(&peers),
                              .ports = doors, .nports = at_len(&ports) };
}

/* Is this word among policyTypes? */
static bool names_type(const struct at *spec, const char *word)
{
    struct at types = at_field(spec, "policyTypes");

    for (size_t i = 0; i < at_len(&types); i++)
        if (strcmp(value_text(types.v->u.items[i], ""), word) == 0)
            return true;
    return false;
}

static struct net_rules rules_of(struct arena *a, const struct at *spec,
                                 const char *key, const char *peers_key)
{
    struct at list = at_field(spec, key);
    struct net_rule *rules = arena_many(a, struct net_rule, at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        rules[i] = rule_of(a, &item, peers_key);
    }
    return (struct net_rules){ .items = rules, .len = at_len(&list) };
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct netpol *p = arena_make(a, struct netpol);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &netpol_type, &p->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at pods = at_field(&spec, "podSelector");
    struct at types = at_field(&spec, "policyTypes");

    check_spec(&r, &spec);
    p->pods = selector_from(a, pods.v ? pods.v : value_map(a, NULL, 0, NULL),
                            NULL);
    p->ingress = rules_of(a, &spec, "ingress", "from");
    p->egress = rules_of(a, &spec, "egress", "to");
    p->ingress.isolates = at_len(&types) == 0 || names_type(&spec, "Ingress");
    p->egress.isolates = at_len(&types) == 0
                             ? at_field(&spec, "egress").v != NULL
                             : names_type(&spec, "Egress");
    p->raw = root.v;
    return &p->meta;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(netpol_seen(a)->raw, netpol_seen(b)->raw);
}

const struct kind_ops kind_NETPOL = {
    .size = sizeof(struct netpol), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_changed,
    .decode = decode,
};
