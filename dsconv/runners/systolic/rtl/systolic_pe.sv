// One processing element: two operand registers and a sum.
//
// A clock adds the product of both registers to the sum and takes new operands: a from the left, the
// weight from above or, with ROW_BUS, from the row's bus. "hold" keeps the weight; "flow" adds to the
// sum from above in place of its own. "clear" zeroes all registers: an operand left from the last tile
// would be multiplied into the next one's first sum.
//
// With HANDOVER tiles follow each other without a pause. "first" comes with the first operand of a
// tile, on the same way; its product begins a new sum, and the old one moves to "done".

module systolic_pe #(
    parameter int OPERAND_BITS = 9,
    parameter int SUM_BITS = 32,
    parameter bit ROW_BUS = 1,
    parameter bit HANDOVER = 0
) (
    input  logic                           clock,
    input  logic                           clear,
    input  logic                           hold,
    input  logic                           flow,
    input  logic                           from_bus,
    input  logic                           first_left,
    input  logic                           first_bus,
    input  logic signed [OPERAND_BITS-1:0] left,
    input  logic signed [OPERAND_BITS-1:0] above,
    input  logic signed [OPERAND_BITS-1:0] bus,
    input  logic signed [SUM_BITS-1:0]     sum_above,
    output logic signed [OPERAND_BITS-1:0] a,
    output logic signed [OPERAND_BITS-1:0] weight,
    output logic signed [SUM_BITS-1:0]     sum,
    output logic                           first,
    output logic signed [SUM_BITS-1:0]     done
);
  logic signed [OPERAND_BITS-1:0] next_weight;
  logic signed [2*OPERAND_BITS-1:0] product;
  logic signed [SUM_BITS-1:0] kept;

  assign product = a * weight;

  generate
    if (ROW_BUS) assign next_weight = from_bus ? bus : above;
    else assign next_weight = above;
  endgenerate

  generate
    if (HANDOVER) begin : handover
      assign kept = first ? '0 : flow ? sum_above : sum;
      always_ff @(posedge clock) begin
        first <= !clear && (ROW_BUS && from_bus ? first_bus : first_left);
        if (clear) done <= '0;
        else if (first) done <= sum;
      end
    end else begin : no_handover
      assign kept = flow ? sum_above : sum;
      assign first = 0;
      assign done = '0;
    end
  endgenerate

  always_ff @(posedge clock) begin
    if (clear) begin
      a <= '0;
      weight <= '0;
      sum <= '0;
    end else begin
      a <= left;
      if (!hold) weight <= next_weight;
      sum <= kept + SUM_BITS'(product);
    end
  end
endmodule
