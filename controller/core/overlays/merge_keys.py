"""How lists of a pod template are merged. `hack.merge_keys` writes this file.

The table is part of v1alpha1: a patch means the same on every version of Kubernetes.
"""

from __future__ import annotations

from typing import Final

from controller.core.overlays.fields import Definitions, Field

ROOT: Final = "PodTemplateSpec"
DEFINITIONS: Final[Definitions] = {
    "Affinity": {
        "nodeAffinity": Field(type="NodeAffinity"),
        "podAffinity": Field(type="PodAffinity"),
        "podAntiAffinity": Field(type="PodAntiAffinity"),
    },
    "CSIVolumeSource": {
        "volumeAttributes": Field(map_of="strings"),
    },
    "ClusterTrustBundleProjection": {
        "labelSelector": Field(type="LabelSelector"),
    },
    "Container": {
        "env": Field(merged=True, key="name"),
        "ports": Field(merged=True, key="containerPort", also=(("protocol", "TCP"),)),
        "resources": Field(type="ResourceRequirements", present=True),
        "volumeDevices": Field(merged=True, key="devicePath"),
        "volumeMounts": Field(merged=True, key="mountPath"),
    },
    "EphemeralContainer": {
        "env": Field(merged=True, key="name"),
        "ports": Field(merged=True, key="containerPort", also=(("protocol", "TCP"),)),
        "resources": Field(type="ResourceRequirements", present=True),
        "volumeDevices": Field(merged=True, key="devicePath"),
        "volumeMounts": Field(merged=True, key="mountPath"),
    },
    "EphemeralVolumeSource": {
        "volumeClaimTemplate": Field(type="PersistentVolumeClaimTemplate"),
    },
    "FlexVolumeSource": {
        "options": Field(map_of="strings"),
    },
    "LabelSelector": {
        "matchLabels": Field(map_of="strings"),
    },
    "NodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": Field(type="PreferredSchedulingTerm"),
    },
    "ObjectMeta": {
        "annotations": Field(map_of="strings"),
        "finalizers": Field(merged=True),
        "labels": Field(map_of="strings"),
        "ownerReferences": Field(merged=True, key="uid"),
    },
    "PersistentVolumeClaimSpec": {
        "resources": Field(type="VolumeResourceRequirements", present=True),
        "selector": Field(type="LabelSelector"),
    },
    "PersistentVolumeClaimTemplate": {
        "metadata": Field(type="ObjectMeta", present=True),
        "spec": Field(type="PersistentVolumeClaimSpec", present=True),
    },
    "PodAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": Field(type="WeightedPodAffinityTerm"),
        "requiredDuringSchedulingIgnoredDuringExecution": Field(type="PodAffinityTerm"),
    },
    "PodAffinityTerm": {
        "labelSelector": Field(type="LabelSelector"),
        "namespaceSelector": Field(type="LabelSelector"),
    },
    "PodAntiAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": Field(type="WeightedPodAffinityTerm"),
        "requiredDuringSchedulingIgnoredDuringExecution": Field(type="PodAffinityTerm"),
    },
    "PodCertificateProjection": {
        "userAnnotations": Field(map_of="strings"),
    },
    "PodSpec": {
        "affinity": Field(type="Affinity"),
        "containers": Field(type="Container", merged=True, key="name"),
        "ephemeralContainers": Field(type="EphemeralContainer", merged=True, key="name"),
        "hostAliases": Field(merged=True, key="ip"),
        "imagePullSecrets": Field(merged=True, key="name"),
        "initContainers": Field(type="Container", merged=True, key="name"),
        "nodeSelector": Field(map_of="strings"),
        "overhead": Field(map_of="quantities"),
        "resourceClaims": Field(merged=True, key="name"),
        "resources": Field(type="ResourceRequirements"),
        "schedulingGates": Field(merged=True, key="name"),
        "securityContext": Field(present=True),
        "topologySpreadConstraints": Field(
            type="TopologySpreadConstraint",
            merged=True,
            key="topologyKey",
            also=(("whenUnsatisfiable", ""),),
        ),
        "volumes": Field(type="Volume", merged=True, key="name"),
    },
    "PodTemplateSpec": {
        "metadata": Field(type="ObjectMeta", present=True),
        "spec": Field(type="PodSpec", present=True),
    },
    "PreferredSchedulingTerm": {
        "preference": Field(present=True),
    },
    "ProjectedVolumeSource": {
        "sources": Field(type="VolumeProjection"),
    },
    "ResourceRequirements": {
        "limits": Field(map_of="quantities"),
        "requests": Field(map_of="quantities"),
    },
    "TopologySpreadConstraint": {
        "labelSelector": Field(type="LabelSelector"),
    },
    "Volume": {
        "csi": Field(type="CSIVolumeSource"),
        "ephemeral": Field(type="EphemeralVolumeSource"),
        "flexVolume": Field(type="FlexVolumeSource"),
        "projected": Field(type="ProjectedVolumeSource"),
    },
    "VolumeProjection": {
        "clusterTrustBundle": Field(type="ClusterTrustBundleProjection"),
        "podCertificate": Field(type="PodCertificateProjection"),
    },
    "VolumeResourceRequirements": {
        "limits": Field(map_of="quantities"),
        "requests": Field(map_of="quantities"),
    },
    "WeightedPodAffinityTerm": {
        "podAffinityTerm": Field(type="PodAffinityTerm", present=True),
    },
}
