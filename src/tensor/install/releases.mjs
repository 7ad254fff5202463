/**
 * The pinned files that the native engine is made of, each with its hash. Serves the installer; the CUDA build's
 * files are pinned in requirements-gpu.txt, which pip itself checks.
 */
import { BINDINGS, TENSORFLOW } from "./layout.mjs";

/** Tags for which the wheel's C libraries were built; the host's own Python version does not matter to them. */
export const wheelTags = [
  ...["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "none"],
  ...["manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"].flatMap((tag) => [
    "--platform",
    tag,
  ]),
  "--only-binary=:all:",
];

/** The processor build: one wheel, of which only these libraries and headers are kept. */
export const cpuWheel = {
  requirement: `tensorflow-cpu==${TENSORFLOW}`,
  file: `tensorflow_cpu-${TENSORFLOW}-cp311-cp311-manylinux_2_27_x86_64.whl`,
  sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
};

/** The shared libraries and their hashes in the processor build. */
export const cpuLibraries = {
  "libtensorflow_cc.so.2": "6505a4b9657e62100c6bdacb683957a395cb047725042945aaa50e40a71e429e",
  "libtensorflow_framework.so.2":
    "f060b323b26ef80add21b9df9428de3aeaf2843d772c5bb098745f7abff3709b",
};

/** The npm packages whose JavaScript and binding sources drive the library. */
export const driver = {
  name: `@tensorflow/tfjs-node-gpu@${BINDINGS}`,
  integrity:
    "sha512-p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==",
};
export const protobuf = {
  name: "google-protobuf@3.21.4",
  integrity:
    "sha512-MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==",
};
