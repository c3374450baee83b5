/*
 * endpoints.c - the Endpoints object.
 *
 * Made by its controller only: one in a manifest is not read, because its
 * addresses are those of another cluster.
 */
#include "models/network.h"

#include "read.h"

const struct kind_ops kind_ENDPOINTS = {
    .size = sizeof(struct endpointslice), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
};
