"""What PyPI's `kubernetes` client sees of an API server.

    client.py KUBECONFIG NAMESPACE CRDS [RESULTS]

KUBECONFIG is an administrator's, NAMESPACE is empty and for these tests alone, CRDS a folder of CRDs.
RESULTS gets the outcome of each test in xUnit's XML. The status is 0 when every test passed.
"""
import pathlib
import sys
import tempfile
import threading
import time
import unittest
import uuid
import xml.etree.ElementTree as ElementTree

import yaml
from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import exceptions
from kubernetes.stream import stream

KUBECONFIG, NAMESPACE, CRDS = sys.argv[1:4]


def config_map(name, **data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


class Case(unittest.TestCase):
    def setUp(self):
        self.api = config.new_client_from_config(KUBECONFIG)
        self.core = client.CoreV1Api(self.api)

    def assertRefused(self, code, reason, call, *arguments, **options):
        with self.assertRaises(ApiException) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.status, code, caught.exception.body)
        body = yaml.safe_load(caught.exception.body)
        self.assertEqual((body["kind"], body["reason"], body["code"]), ("Status", reason, code))
        return body


class Objects(Case):
    def test_create_read_replace_delete(self):
        name = unique("crud")
        made = self.core.create_namespaced_config_map(NAMESPACE, config_map(name, a="1"))
        self.assertEqual(made.data, {"a": "1"})
        self.assertTrue(made.metadata.uid and made.metadata.resource_version)
        self.assertIsNotNone(made.metadata.creation_timestamp.tzinfo)
        made.data["b"] = "2"
        replaced = self.core.replace_namespaced_config_map(name, NAMESPACE, made)
        self.assertNotEqual(replaced.metadata.resource_version, made.metadata.resource_version)
        read = self.core.read_namespaced_config_map(name, NAMESPACE)
        self.assertEqual(read.data, {"a": "1", "b": "2"})
        gone = self.core.delete_namespaced_config_map(name, NAMESPACE)
        self.assertEqual(gone["status"], "Success")
        self.assertRefused(404, "NotFound", self.core.read_namespaced_config_map, name, NAMESPACE)

    def test_refusals_are_statuses(self):
        name = unique("refused")
        self.core.create_namespaced_config_map(NAMESPACE, config_map(name))
        self.assertRefused(409, "AlreadyExists", self.core.create_namespaced_config_map, NAMESPACE, config_map(name))
        self.assertRefused(422, "Invalid", self.core.create_namespaced_config_map, NAMESPACE, config_map("Not a name"))
        self.assertRefused(404, "NotFound", self.core.create_namespaced_config_map, unique("nowhere"), config_map(name))
        self.assertRefused(400, "BadRequest", self.core.list_namespaced_config_map, NAMESPACE, label_selector="a in b")

    def test_dry_run_stores_nothing(self):
        name = unique("dry")
        made = self.core.create_namespaced_config_map(NAMESPACE, config_map(name), dry_run="All")
        self.assertEqual(made.metadata.name, name)
        self.assertRefused(404, "NotFound", self.core.read_namespaced_config_map, name, NAMESPACE)

    def test_field_validation(self):
        maps = dynamic.DynamicClient(self.api, cache_file=tempfile.mktemp()).resources.get(
            api_version="v1", kind="ConfigMap")
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": unique("strict")}, "dat": {}}
        with self.assertRaises(exceptions.BadRequestError) as caught:
            maps.create(body=body, namespace=NAMESPACE, query_params=[("fieldValidation", "Strict")])
        self.assertIn('unknown field \\"dat\\"', caught.exception.body)
        made = maps.create(body=body, namespace=NAMESPACE, query_params=[("fieldValidation", "Ignore")])
        self.assertNotIn("dat", made.to_dict())

    def test_pages_and_selectors(self):
        label = unique("page")
        for index in range(5):
            body = config_map(f"{label}-{index}")
            body.metadata.labels = {"page": label, "parity": "even" if index % 2 == 0 else "odd"}
            self.core.create_namespaced_config_map(NAMESPACE, body)
        names, token = [], None
        while True:
            page = self.core.list_namespaced_config_map(
                NAMESPACE, label_selector=f"page={label}", limit=2, _continue=token)
            names += [item.metadata.name for item in page.items]
            token = page.metadata._continue
            if not token:
                break
        self.assertEqual(names, [f"{label}-{index}" for index in range(5)])
        odd = self.core.list_namespaced_config_map(NAMESPACE, label_selector=f"page={label},parity!=even")
        self.assertEqual(len(odd.items), 2)
        one = self.core.list_namespaced_config_map(NAMESPACE, field_selector=f"metadata.name={label}-3")
        self.assertEqual([item.metadata.name for item in one.items], [f"{label}-3"])
        self.core.delete_collection_namespaced_config_map(NAMESPACE, label_selector=f"page={label}")
        self.assertEqual(self.core.list_namespaced_config_map(NAMESPACE, label_selector=f"page={label}").items, [])

    def test_secrets_and_services(self):
        secret = client.V1Secret(metadata=client.V1ObjectMeta(name=unique("secret")), string_data={"key": "value"})
        made = self.core.create_namespaced_secret(NAMESPACE, secret)
        self.assertEqual((made.data, made.type), ({"key": "dmFsdWU="}, "Opaque"))
        service = client.V1Service(
            metadata=client.V1ObjectMeta(name=unique("web")),
            spec=client.V1ServiceSpec(type="LoadBalancer", ports=[client.V1ServicePort(port=80, target_port="http")]))
        made = self.core.create_namespaced_service(NAMESPACE, service)
        self.assertTrue(made.spec.cluster_ip and made.spec.ports[0].node_port)
        made.status.load_balancer.ingress = [client.V1LoadBalancerIngress(ip="192.0.2.1")]
        status = self.core.patch_namespaced_service_status(made.metadata.name, NAMESPACE, made)
        self.assertEqual(status.status.load_balancer.ingress[0].ip, "192.0.2.1")

    def test_objects_from_yaml(self):
        name = unique("yaml")
        documents = [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}},
                             "spec": {"containers": [{"name": "main", "image": "nginx"}]}}}},
        ]
        utils.create_from_yaml(self.api, yaml_objects=documents, namespace=NAMESPACE)
        apps = client.AppsV1Api(self.api)
        deployment = apps.read_namespaced_deployment(name, NAMESPACE)
        self.assertEqual((deployment.spec.replicas, deployment.spec.strategy.type), (1, "RollingUpdate"))
        apps.patch_namespaced_deployment_scale(name, NAMESPACE, {"spec": {"replicas": 3}})
        scale = apps.read_namespaced_deployment_scale(name, NAMESPACE)
        self.assertEqual((scale.kind, scale.spec.replicas), ("Scale", 3))

    def test_every_list_decodes(self):
        """Typed models refuse objects without what they require. (This client's model of events.k8s.io refuses
        Events that were recorded as core ones, which every cluster has.)"""
        apis = {
            client.CoreV1Api: ["namespace", "node", "pod_for_all_namespaces", "service_for_all_namespaces",
                               "secret_for_all_namespaces", "event_for_all_namespaces", "persistent_volume"],
            client.AppsV1Api: ["deployment_for_all_namespaces", "daemon_set_for_all_namespaces",
                               "replica_set_for_all_namespaces", "stateful_set_for_all_namespaces"],
            client.BatchV1Api: ["job_for_all_namespaces", "cron_job_for_all_namespaces"],
            client.NetworkingV1Api: ["ingress_for_all_namespaces", "network_policy_for_all_namespaces"],
            client.RbacAuthorizationV1Api: ["cluster_role", "cluster_role_binding", "role_for_all_namespaces"],
            client.DiscoveryV1Api: ["endpoint_slice_for_all_namespaces"],
            client.CoordinationV1Api: ["lease_for_all_namespaces"],
            client.PolicyV1Api: ["pod_disruption_budget_for_all_namespaces"],
            client.SchedulingV1Api: ["priority_class"], client.StorageV1Api: ["storage_class"],
            client.AdmissionregistrationV1Api: ["validating_webhook_configuration"],
            client.ApiextensionsV1Api: ["custom_resource_definition"],
        }
        for api, kinds in apis.items():
            for kind in kinds:
                with self.subTest(kind=kind):
                    answer = getattr(api(self.api), f"list_{kind}")()
                    self.assertTrue(answer.kind.endswith("List"))
                    self.assertTrue(answer.metadata.resource_version)


class Patches(Case):
    def setUp(self):
        super().setUp()
        self.apps = client.AppsV1Api(self.api)
        self.name = unique("patch")
        template = {"metadata": {"labels": {"app": self.name}}, "spec": {"containers": [
            {"name": "main", "image": "one"}, {"name": "side", "image": "helper"}]}}
        self.apps.create_namespaced_deployment(NAMESPACE, {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": self.name},
            "spec": {"selector": {"matchLabels": {"app": self.name}}, "template": template}})

    def patch(self, kind, body, **options):
        return self.apps.patch_namespaced_deployment(
            self.name, NAMESPACE, body, _content_type=f"application/{kind}", **options)

    def test_json_patch(self):
        made = self.patch("json-patch+json", [{"op": "replace", "path": "/spec/replicas", "value": 4}])
        self.assertEqual(made.spec.replicas, 4)
        with self.assertRaises(ApiException) as caught:
            self.patch("json-patch+json", [{"op": "test", "path": "/spec/replicas", "value": 9}])
        self.assertEqual(caught.exception.status, 422)

    def test_merge_patch(self):
        made = self.patch("merge-patch+json", {"metadata": {"labels": {"tier": "front"}}})
        self.assertEqual(made.metadata.labels, {"tier": "front"})
        made = self.patch("merge-patch+json", {"metadata": {"labels": None}})
        self.assertIsNone(made.metadata.labels)

    def test_strategic_merge_patch(self):
        made = self.patch("strategic-merge-patch+json", {"spec": {"template": {"spec": {"containers": [
            {"name": "main", "image": "two"}]}}}})
        images = {container.name: container.image for container in made.spec.template.spec.containers}
        self.assertEqual(images, {"main": "two", "side": "helper"})

    def test_apply_patch(self):
        resources = dynamic.DynamicClient(self.api, cache_file=tempfile.mktemp())
        maps = resources.resources.get(api_version="v1", kind="ConfigMap")
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": unique("apply")}, "data": {"a": "1"}}
        name = body["metadata"]["name"]
        maps.server_side_apply(body=body, name=name, namespace=NAMESPACE, field_manager="one")
        body["data"] = {"a": "2"}
        with self.assertRaises(exceptions.ConflictError) as caught:
            maps.server_side_apply(body=body, name=name, namespace=NAMESPACE, field_manager="two")
        self.assertIn('conflict with \\"one\\"', caught.exception.body)
        made = maps.server_side_apply(
            body=body, name=name, namespace=NAMESPACE, field_manager="two", force_conflicts=True)
        self.assertEqual(made.data.a, "2")


class Watches(Case):
    def test_changes_arrive_in_order(self):
        label = unique("watch")
        start = self.core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
        body = config_map(label, a="1")
        body.metadata.labels = {"watch": label}

        def write():
            made = self.core.create_namespaced_config_map(NAMESPACE, body)
            made.data = {"a": "2"}
            self.core.replace_namespaced_config_map(label, NAMESPACE, made)
            self.core.delete_namespaced_config_map(label, NAMESPACE)

        writer = threading.Thread(target=write)
        writer.start()
        seen, watcher = [], watch.Watch()
        for event in watcher.stream(
                self.core.list_namespaced_config_map, NAMESPACE, label_selector=f"watch={label}",
                resource_version=start, timeout_seconds=60):
            seen.append((event["type"], event["object"].data))
            if event["type"] == "DELETED":
                watcher.stop()
        writer.join()
        self.assertEqual(seen, [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})])

    def test_a_watch_ends_at_its_timeout(self):
        name = unique("ends")
        self.core.create_namespaced_config_map(NAMESPACE, config_map(name))
        started = time.monotonic()
        events = [event["type"] for event in watch.Watch().stream(
            self.core.list_namespaced_config_map, NAMESPACE, field_selector=f"metadata.name={name}",
            timeout_seconds=1)]
        self.assertEqual(events, ["ADDED"])
        self.assertGreaterEqual(time.monotonic() - started, 0.9)

    def test_a_version_from_the_future_is_refused(self):
        with self.assertRaises(ApiException) as caught:
            for _ in watch.Watch().stream(
                    self.core.list_namespaced_config_map, NAMESPACE, resource_version="not-a-number",
                    timeout_seconds=5):
                self.fail("an event of a version that there is not")
        self.assertGreaterEqual(caught.exception.status, 400)


class Concurrency(Case):
    def test_one_of_two_writers_meets_a_conflict(self):
        name = unique("conflict")
        first = self.core.create_namespaced_config_map(NAMESPACE, config_map(name, a="0"))
        second = self.core.read_namespaced_config_map(name, NAMESPACE)
        first.data = {"a": "1"}
        self.core.replace_namespaced_config_map(name, NAMESPACE, first)
        second.data = {"a": "2"}
        self.assertRefused(
            409, "Conflict", self.core.replace_namespaced_config_map, name, NAMESPACE, second)

    def test_counters_lose_no_step(self):
        """Many writers that try again on a conflict: every step counts."""
        name, writers, steps = unique("counter"), 4, 10
        self.core.create_namespaced_config_map(NAMESPACE, config_map(name, count="0"))
        conflicts = []

        def count():
            core = client.CoreV1Api(config.new_client_from_config(KUBECONFIG))
            for _ in range(steps):
                while True:
                    current = core.read_namespaced_config_map(name, NAMESPACE)
                    current.data["count"] = str(int(current.data["count"]) + 1)
                    try:
                        core.replace_namespaced_config_map(name, NAMESPACE, current)
                        break
                    except ApiException as error:
                        if error.status != 409:
                            raise
                        conflicts.append(error)

        threads = [threading.Thread(target=count) for _ in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        final = self.core.read_namespaced_config_map(name, NAMESPACE)
        self.assertEqual(final.data["count"], str(writers * steps))

    def test_a_lease_has_one_holder(self):
        """As leader election takes a Lease: whoever writes the version that it read holds it."""
        name = unique("lease")
        coordination = client.CoordinationV1Api(self.api)
        lease = client.V1Lease(
            metadata=client.V1ObjectMeta(name=name),
            spec=client.V1LeaseSpec(holder_identity="", lease_duration_seconds=15))
        coordination.create_namespaced_lease(NAMESPACE, lease)
        barrier, winners = threading.Barrier(4), []

        def run(identity):
            api = client.CoordinationV1Api(config.new_client_from_config(KUBECONFIG))
            held = api.read_namespaced_lease(name, NAMESPACE)
            held.spec.holder_identity = identity
            barrier.wait(60)
            try:
                api.replace_namespaced_lease(name, NAMESPACE, held)
                winners.append(identity)
            except ApiException as error:
                if error.status != 409:
                    raise

        threads = [threading.Thread(target=run, args=(f"candidate-{index}",)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(winners), 1)
        self.assertEqual(coordination.read_namespaced_lease(name, NAMESPACE).spec.holder_identity, winners[0])


class Access(Case):
    def test_version_and_groups(self):
        self.assertEqual(client.VersionApi(self.api).get_code().major, "1")
        groups = {group.name for group in client.ApisApi(self.api).get_api_versions().groups}
        self.assertLessEqual({"apps", "rbac.authorization.k8s.io", "coordination.k8s.io"}, groups)
        names = {resource.name for resource in self.core.get_api_resources().resources}
        self.assertLessEqual({"services", "services/status", "pods/binding"}, names)

    def test_a_token_is_somebody_without_rights(self):
        name = unique("robot")
        self.core.create_namespaced_service_account(
            NAMESPACE, client.V1ServiceAccount(metadata=client.V1ObjectMeta(name=name)))
        request = client.AuthenticationV1TokenRequest(
            spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600))
        token = self.core.create_namespaced_service_account_token(name, NAMESPACE, request).status.token
        robot = config.new_client_from_config(KUBECONFIG)
        robot.configuration.api_key = {"authorization": token, "BearerToken": token}
        robot.configuration.api_key_prefix = {"authorization": "Bearer", "BearerToken": "Bearer"}
        robot.configuration.refresh_api_key_hook = None
        review = client.AuthenticationV1Api(robot).create_self_subject_review(client.V1SelfSubjectReview())
        self.assertEqual(review.status.user_info.username, f"system:serviceaccount:{NAMESPACE}:{name}")
        status = self.assertRefused(403, "Forbidden", client.CoreV1Api(robot).list_namespaced_pod, NAMESPACE)
        self.assertIn("cannot list resource", status["message"])
        robot.configuration.api_key = {"authorization": "nonsense", "BearerToken": "nonsense"}
        self.assertRefused(401, "Unauthorized", client.CoreV1Api(robot).list_namespaced_pod, NAMESPACE)

    def test_access_reviews(self):
        review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(
            resource_attributes=client.V1ResourceAttributes(verb="delete", resource="nodes")))
        answer = client.AuthorizationV1Api(self.api).create_self_subject_access_review(review)
        self.assertTrue(answer.status.allowed)
        other = client.V1SubjectAccessReview(spec=client.V1SubjectAccessReviewSpec(
            user="nobody", resource_attributes=client.V1ResourceAttributes(verb="delete", resource="nodes")))
        self.assertFalse(client.AuthorizationV1Api(self.api).create_subject_access_review(other).status.allowed)

    def test_a_stream_that_cannot_be_is_an_error(self):
        name = unique("pod")
        self.core.create_namespaced_pod(NAMESPACE, {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": "nginx"}],
                     "nodeSelector": {"no-node-has": "this"}}})
        with self.assertRaises(ApiException):
            stream(self.core.connect_get_namespaced_pod_exec, name, NAMESPACE, command=["true"], stdout=True)
        # Nobody runs it, so there is nothing to read yet.
        self.assertFalse(self.core.read_namespaced_pod_log(name, NAMESPACE))
        with self.assertRaises(ApiException) as caught:
            self.core.read_namespaced_pod_log(name, NAMESPACE, container="other")
        self.assertEqual(caught.exception.status, 400)


class Dynamic(Case):
    @classmethod
    def setUpClass(cls):
        api = config.new_client_from_config(KUBECONFIG)
        resources = dynamic.DynamicClient(api, cache_file=tempfile.mktemp())
        definitions = resources.resources.get(
            api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
        names = []
        for path in sorted(pathlib.Path(CRDS).glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                names.append(document["metadata"]["name"])
                definitions.server_side_apply(
                    body=document, name=names[-1], field_manager="tests", force_conflicts=True)
        for name in names:
            deadline = time.monotonic() + 60
            for event in definitions.watch(name=name, timeout=60):
                conditions = (event["raw_object"].get("status") or {}).get("conditions") or []
                if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                    break
                if time.monotonic() > deadline:
                    raise AssertionError(f"{name} is not established")

    def setUp(self):
        super().setUp()
        self.resources = dynamic.DynamicClient(self.api, cache_file=tempfile.mktemp()).resources
        self.pools = self.resources.get(api_version="metallb.io/v1beta1", kind="IPAddressPool")

    def pool(self, **spec):
        return {"apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool",
                "metadata": {"name": unique("pool")}, "spec": {"addresses": ["192.0.2.0/28"], **spec}}

    def test_discovery_finds_kinds_and_their_versions(self):
        self.assertEqual(self.pools.name, "ipaddresspools")
        self.assertTrue(self.pools.namespaced)
        self.assertEqual(
            self.resources.get(kind="AddressPool", api_version="metallb.io/v1alpha1").group_version,
            "metallb.io/v1alpha1")
        self.assertIn("status", self.resources.get(kind="MetalLB", api_version="metallb.io/v1beta1").subresources)
        with self.assertRaises(exceptions.ResourceNotFoundError):
            self.resources.get(api_version="metallb.io/v1beta1", kind="Nothing")

    def test_custom_resources_live_and_die(self):
        body = self.pool(autoAssign=False)
        name = body["metadata"]["name"]
        made = self.pools.create(body=body, namespace=NAMESPACE)
        self.assertEqual((made.spec.autoAssign, made.metadata.generation), (False, 1))
        changed = self.pools.patch(
            body={"spec": {"autoAssign": True}}, name=name, namespace=NAMESPACE,
            content_type="application/merge-patch+json")
        self.assertEqual((changed.spec.autoAssign, changed.metadata.generation), (True, 2))
        listed = self.pools.get(namespace=NAMESPACE, field_selector=f"metadata.name={name}")
        self.assertEqual([item.metadata.name for item in listed.items], [name])
        self.pools.delete(name=name, namespace=NAMESPACE)
        with self.assertRaises(exceptions.NotFoundError):
            self.pools.get(name=name, namespace=NAMESPACE)

    def test_schemas_are_enforced(self):
        with self.assertRaises(exceptions.UnprocessibleEntityError) as caught:
            self.pools.create(body=self.pool(autoAssign=7), namespace=NAMESPACE)
        self.assertIn("spec.autoAssign", caught.exception.body)

    def test_custom_resources_are_watched(self):
        body = self.pool()
        name = body["metadata"]["name"]
        start = self.pools.get(namespace=NAMESPACE).metadata.resourceVersion
        self.pools.create(body=body, namespace=NAMESPACE)
        self.pools.delete(name=name, namespace=NAMESPACE)
        seen = []
        for event in self.pools.watch(
                namespace=NAMESPACE, resource_version=start, timeout=60, field_selector=f"metadata.name={name}"):
            seen.append(event["type"])
            if event["type"] == "DELETED":
                break
        self.assertEqual(seen, ["ADDED", "DELETED"])

    def test_status_is_a_subresource(self):
        lbs = self.resources.get(api_version="metallb.io/v1beta1", kind="MetalLB")
        name = unique("metallb")
        lbs.create(body={"apiVersion": "metallb.io/v1beta1", "kind": "MetalLB", "metadata": {"name": name}},
                   namespace=NAMESPACE)
        condition = {"type": "Available", "status": "True", "reason": "Ready", "message": "",
                     "lastTransitionTime": "2026-01-01T00:00:00Z"}
        lbs.status.patch(body={"status": {"conditions": [condition]}}, name=name, namespace=NAMESPACE,
                         content_type="application/merge-patch+json")
        read = lbs.get(name=name, namespace=NAMESPACE)
        self.assertEqual(read.status.conditions[0].type, "Available")


class Recorder(unittest.TextTestResult):
    """Keeps every outcome for the summary."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = ElementTree.Element("testsuite", name="PythonClient")
        self.failed = set()

    def addError(self, test, error):
        self.failed.add(str(test))
        super().addError(test, error)

    def addFailure(self, test, error):
        self.failed.add(str(test))
        super().addFailure(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.failed.add(str(test))
        super().addSubTest(test, subtest, error)

    def stopTest(self, test):
        name = {"classname": f"PythonClient.{type(test).__name__}", "name": test._testMethodName}
        case = ElementTree.SubElement(self.cases, "testcase", name)
        if str(test) in self.failed:
            ElementTree.SubElement(case, "failure")
        super().stopTest(test)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(verbosity=2, resultclass=Recorder).run(suite)
    if len(sys.argv) > 4:
        ElementTree.ElementTree(result.cases).write(sys.argv[4])
    sys.exit(0 if result.wasSuccessful() else 1)
