// RUN: not dsconv-opt -p lower-to-tiles %s 2>&1 | filecheck %s
// RUN: not xdsl-opt -p lower-to-tiles %s 2>&1 | tail -n 1 | filecheck %s --check-prefix=STOCK
// RUN: not dsconv-opt -p nonsense %s 2>&1 | filecheck %s --check-prefix=PASS
// RUN: not dsconv-opt -p 'tile-l1{what=3}' %s 2>&1 | filecheck %s --check-prefix=OPTION
// RUN: echo '"tosa.erf"() : () -> ()' | not dsconv-opt 2>&1 | filecheck %s --check-prefix=TOSA
// RUN: echo 'func.func @f(' | not dsconv-opt 2>&1 | filecheck %s --check-prefix=TEXT
// RUN: echo '"a.b"() {v = array<i0: 0>} : () -> ()' | not dsconv-opt --allow-unregistered-dialect 2>&1 | filecheck %s --check-prefix=NUMBER
// RUN: not dsconv-opt %s.missing 2>&1 | filecheck %s --check-prefix=MISSING

// An error is one line, without a traceback: the pass, the place in the file, the operation, the reason.
// CHECK-NOT:  Traceback
// CHECK:      error: lower-to-tiles: {{.*}}errors.mlir:{{[0-9]+}}:3: dsconv.rescale: output of layer "a" has no layout; run select-layout before
// CHECK-NOT:  {{.}}

// STOCK:      OperationError: dsconv.rescale: output of layer "a" has no layout; run select-layout before
// STOCK-NOT:  {{.}}

// PASS-NOT:   Traceback
// PASS:       error: Unrecognized passes: ['nonsense']
// OPTION-NOT: Traceback
// OPTION:     error: Provided arguments ["what"] not found in expected arguments
// TOSA-NOT:   Traceback
// TOSA:       error: stdin:1
// TOSA:       TOSA is read with --allow-unregistered-dialect and in the generic form: mlir-opt --mlir-print-op-generic FILE
// TEXT-NOT:   Traceback
// TEXT:       error: stdin:2
// NUMBER-NOT: Traceback
// NUMBER:     error: stdin:1
// NUMBER:     by zero
// MISSING-NOT: Traceback
// MISSING:    error: [Errno 2] No such file

func.func @net(%x: tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "a"(%x) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 4, weights>} : (tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8>
  %z = dsconv.rescale "b"(%y) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 4, weights>} : (tensor<1x1x2x4xsi8>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
  func.return %z : tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
}
