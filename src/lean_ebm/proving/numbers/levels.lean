/-
The levels of the world of numbers, in order. Each is a theorem, stated and proved from those before it.

`levels.py` reads this file. A section is a part of the world; its name is the part's name.
-/
namespace MyNat

section Definitions

theorem add_zero (a : MyNat) : a + 0 = a := by
  rfl

theorem add_succ (a b : MyNat) : a + succ b = succ (a + b) := by
  rfl

theorem mul_zero (a : MyNat) : a * 0 = 0 := by
  rfl

theorem mul_succ (a b : MyNat) : a * succ b = a * b + a := by
  rfl

theorem pow_zero (a : MyNat) : a ^ 0 = 1 := by
  rfl

theorem pow_succ (a b : MyNat) : a ^ succ b = a ^ b * a := by
  rfl

theorem one_eq_succ_zero : 1 = succ 0 := by
  rfl

theorem two_eq_succ_one : 2 = succ 1 := by
  rfl

theorem three_eq_succ_two : 3 = succ 2 := by
  rfl

theorem four_eq_succ_three : 4 = succ 3 := by
  rfl

end Definitions

section Tutorial

theorem tutorial_rfl (x q : MyNat) : x * 37 + q = x * 37 + q := by
  rfl

theorem tutorial_rw (x y : MyNat) (h : y = x + 7) : 2 * y = 2 * (x + 7) := by
  rw [h]

theorem tutorial_zeros (a b c : MyNat) : a + (b + 0) + (c + 0) = a + b + c := by
  rw [add_zero, add_zero]

theorem succ_eq_add_one (n : MyNat) : succ n = n + 1 := by
  rw [one_eq_succ_zero, add_succ, add_zero]

theorem two_add_two : 2 + 2 = 4 := by
  rfl

end Tutorial

section Addition

theorem zero_add (n : MyNat) : 0 + n = n := by
  induction n with
  | zero => rw [add_zero]
  | succ n ih => rw [add_succ, ih]

theorem succ_add (a b : MyNat) : succ a + b = succ (a + b) := by
  induction b with
  | zero => rw [add_zero, add_zero]
  | succ b ih => rw [add_succ, add_succ, ih]

theorem add_comm (a b : MyNat) : a + b = b + a := by
  induction b with
  | zero => rw [add_zero, zero_add]
  | succ b ih => rw [add_succ, succ_add, ih]

theorem add_assoc (a b c : MyNat) : a + b + c = a + (b + c) := by
  induction c with
  | zero => rw [add_zero, add_zero]
  | succ c ih => rw [add_succ, add_succ, add_succ, ih]

theorem add_right_comm (a b c : MyNat) : a + b + c = a + c + b := by
  rw [add_assoc, add_comm b c, add_assoc]

theorem add_left_comm (a b c : MyNat) : a + (b + c) = b + (a + c) := by
  rw [← add_assoc, add_comm a b, add_assoc]

theorem add_add_add_comm (a b c d : MyNat) : a + b + (c + d) = a + c + (b + d) := by
  rw [add_assoc, add_left_comm b c d, add_assoc]

end Addition

section Multiplication

theorem mul_one (m : MyNat) : m * 1 = m := by
  rw [one_eq_succ_zero, mul_succ, mul_zero, zero_add]

theorem zero_mul (m : MyNat) : 0 * m = 0 := by
  induction m with
  | zero => rw [mul_zero]
  | succ m ih => rw [mul_succ, ih, add_zero]

theorem succ_mul (a b : MyNat) : succ a * b = a * b + b := by
  induction b with
  | zero => rw [mul_zero, mul_zero, add_zero]
  | succ b ih => rw [mul_succ, mul_succ, ih, add_succ, add_succ, add_right_comm]

theorem mul_comm (a b : MyNat) : a * b = b * a := by
  induction b with
  | zero => rw [mul_zero, zero_mul]
  | succ b ih => rw [mul_succ, succ_mul, ih]

theorem one_mul (m : MyNat) : 1 * m = m := by
  rw [mul_comm, mul_one]

theorem two_mul (m : MyNat) : 2 * m = m + m := by
  rw [two_eq_succ_one, succ_mul, one_mul]

theorem mul_add (a b c : MyNat) : a * (b + c) = a * b + a * c := by
  induction c with
  | zero => rw [add_zero, mul_zero, add_zero]
  | succ c ih => rw [add_succ, mul_succ, mul_succ, ih, add_assoc]

theorem add_mul (a b c : MyNat) : (a + b) * c = a * c + b * c := by
  rw [mul_comm, mul_add, mul_comm c a, mul_comm c b]

theorem mul_assoc (a b c : MyNat) : a * b * c = a * (b * c) := by
  induction c with
  | zero => rw [mul_zero, mul_zero, mul_zero]
  | succ c ih => rw [mul_succ, mul_succ, mul_add, ih]

theorem mul_right_comm (a b c : MyNat) : a * b * c = a * c * b := by
  rw [mul_assoc, mul_comm b c, mul_assoc]

theorem mul_left_comm (a b c : MyNat) : a * (b * c) = b * (a * c) := by
  rw [← mul_assoc, mul_comm a b, mul_assoc]

theorem mul_mul_mul_comm (a b c d : MyNat) : a * b * (c * d) = a * c * (b * d) := by
  rw [mul_assoc, mul_left_comm b c d, mul_assoc]

end Multiplication

section Power

theorem zero_pow_zero : 0 ^ 0 = 1 := by
  rw [pow_zero]

theorem zero_pow_succ (m : MyNat) : 0 ^ succ m = 0 := by
  rw [pow_succ, mul_zero]

theorem pow_one (a : MyNat) : a ^ 1 = a := by
  rw [one_eq_succ_zero, pow_succ, pow_zero, one_mul]

theorem one_pow (m : MyNat) : 1 ^ m = 1 := by
  induction m with
  | zero => rw [pow_zero]
  | succ m ih => rw [pow_succ, ih, mul_one]

theorem pow_two (a : MyNat) : a ^ 2 = a * a := by
  rw [two_eq_succ_one, pow_succ, pow_one]

theorem pow_add (a m n : MyNat) : a ^ (m + n) = a ^ m * a ^ n := by
  induction n with
  | zero => rw [add_zero, pow_zero, mul_one]
  | succ n ih => rw [add_succ, pow_succ, pow_succ, ih, mul_assoc]

theorem mul_pow (a b n : MyNat) : (a * b) ^ n = a ^ n * b ^ n := by
  induction n with
  | zero => rw [pow_zero, pow_zero, pow_zero, mul_one]
  | succ n ih => rw [pow_succ, pow_succ, pow_succ, ih, mul_mul_mul_comm]

theorem pow_pow (a m n : MyNat) : (a ^ m) ^ n = a ^ (m * n) := by
  induction n with
  | zero => rw [pow_zero, mul_zero, pow_zero]
  | succ n ih => rw [pow_succ, ih, mul_succ, pow_add]

theorem add_sq (a b : MyNat) : (a + b) ^ 2 = a ^ 2 + b ^ 2 + 2 * a * b := by
  rw [pow_two, pow_two, pow_two, add_mul, mul_add, mul_add, mul_comm b a, two_mul, add_mul]
  rw [add_assoc, ← add_assoc (a * b) (a * b) (b * b), add_comm (a * b + a * b) (b * b), ← add_assoc]

end Power

section Implication

theorem imp_exact (x y z : MyNat) (h₁ : x + y = 37) (h₂ : 3 * x + z = 42) : x + y = 37 := by
  exact h₁

theorem imp_rw (x y : MyNat) (h : 0 + x = 0 + y + 2) : x = y + 2 := by
  rw [zero_add, zero_add] at h
  exact h

theorem imp_apply (x y : MyNat) (h₁ : x = 37) (h₂ : x = 37 → y = 42) : y = 42 := by
  apply h₂
  exact h₁

theorem succ_inj (a b : MyNat) (h : succ a = succ b) : a = b := by
  injection h

theorem imp_succ (x : MyNat) (h : x + 1 = 4) : x = 3 := by
  rw [four_eq_succ_three, ← succ_eq_add_one] at h
  apply succ_inj
  exact h

theorem imp_refl (x : MyNat) : x = 37 → x = 37 := by
  intro h
  exact h

theorem imp_intro_succ (x y : MyNat) : x + 1 = y + 1 → x = y := by
  intro h
  rw [← succ_eq_add_one, ← succ_eq_add_one] at h
  apply succ_inj
  exact h

theorem imp_ne (x y : MyNat) (h₁ : x = y) (h₂ : x ≠ y) : False := by
  apply h₂
  exact h₁

theorem zero_ne_succ (n : MyNat) : 0 ≠ succ n := by
  intro h
  contradiction

theorem zero_ne_one : 0 ≠ 1 := by
  rw [one_eq_succ_zero]
  exact zero_ne_succ 0

theorem one_ne_zero : 1 ≠ 0 := by
  symm
  exact zero_ne_one

theorem succ_ne_zero (n : MyNat) : succ n ≠ 0 := by
  symm
  exact zero_ne_succ n

theorem succ_ne_succ (m n : MyNat) (h : m ≠ n) : succ m ≠ succ n := by
  intro g
  apply h
  apply succ_inj
  exact g

theorem two_add_two_ne_five : 2 + 2 ≠ 5 := by
  decide

end Implication

section AdvancedAddition

theorem add_right_cancel (a b n : MyNat) : a + n = b + n → a = b := by
  intro h
  induction n with
  | zero =>
    rw [add_zero, add_zero] at h
    exact h
  | succ n ih =>
    apply ih
    rw [add_succ, add_succ] at h
    exact succ_inj (a + n) (b + n) h

theorem add_left_cancel (a b n : MyNat) : n + a = n + b → a = b := by
  rw [add_comm n a, add_comm n b]
  exact add_right_cancel a b n

theorem add_left_eq_self (x y : MyNat) : x + y = y → x = 0 := by
  intro h
  apply add_right_cancel x 0 y
  rw [zero_add]
  exact h

theorem add_right_eq_self (x y : MyNat) : x + y = x → y = 0 := by
  rw [add_comm]
  exact add_left_eq_self y x

theorem add_right_eq_zero (a b : MyNat) : a + b = 0 → a = 0 := by
  cases b with
  | zero =>
    intro h
    exact h
  | succ b =>
    intro h
    rw [add_succ] at h
    contradiction

theorem add_left_eq_zero (a b : MyNat) : a + b = 0 → b = 0 := by
  rw [add_comm]
  exact add_right_eq_zero b a

theorem add_eq_zero (a b : MyNat) : a + b = 0 ↔ a = 0 ∧ b = 0 := by
  constructor
  · intro h
    constructor
    · exact add_right_eq_zero a b h
    · exact add_left_eq_zero a b h
  · intro h
    rw [h.left, h.right, add_zero]

end AdvancedAddition

section LessOrEqual

theorem le_refl (x : MyNat) : x ≤ x := by
  exists 0

theorem zero_le (x : MyNat) : 0 ≤ x := by
  exists x
  rw [zero_add]

theorem le_succ_self (x : MyNat) : x ≤ succ x := by
  exists 1

theorem le_add_right (x y : MyNat) : x ≤ x + y := by
  exists y

theorem le_trans (x y z : MyNat) (h₁ : x ≤ y) (h₂ : y ≤ z) : x ≤ z := by
  obtain ⟨a, ha⟩ := h₁
  obtain ⟨b, hb⟩ := h₂
  exists a + b
  rw [hb, ha, add_assoc]

theorem le_zero (x : MyNat) (h : x ≤ 0) : x = 0 := by
  obtain ⟨a, ha⟩ := h
  symm at ha
  exact add_right_eq_zero x a ha

theorem le_antisymm (x y : MyNat) (h₁ : x ≤ y) (h₂ : y ≤ x) : x = y := by
  obtain ⟨a, ha⟩ := h₁
  obtain ⟨b, hb⟩ := h₂
  rw [ha, add_assoc] at hb
  have h := add_right_eq_self x (a + b) hb.symm
  rw [ha, add_right_eq_zero a b h, add_zero]

theorem or_symm (x y : MyNat) (h : x = 37 ∨ y = 42) : y = 42 ∨ x = 37 := by
  cases h with
  | inl h =>
    right
    exact h
  | inr h =>
    left
    exact h

theorem le_succ_of_le (x y : MyNat) (h : x ≤ y) : x ≤ succ y := by
  exact le_trans x y (succ y) h (le_succ_self y)

theorem le_total (x y : MyNat) : x ≤ y ∨ y ≤ x := by
  induction y with
  | zero =>
    right
    exact zero_le x
  | succ y ih =>
    cases ih with
    | inl h =>
      left
      exact le_succ_of_le x y h
    | inr h =>
      obtain ⟨a, ha⟩ := h
      cases a with
      | zero =>
        left
        exists 1
        rw [ha, add_zero, succ_eq_add_one]
      | succ a =>
        right
        exists a
        rw [ha, add_succ, succ_add]

theorem succ_le_succ (x y : MyNat) (h : succ x ≤ succ y) : x ≤ y := by
  obtain ⟨a, ha⟩ := h
  exists a
  rw [succ_add] at ha
  exact succ_inj y (x + a) ha

theorem le_of_succ_le_succ (x y : MyNat) (h : x ≤ y) : succ x ≤ succ y := by
  obtain ⟨a, ha⟩ := h
  exists a
  rw [ha, succ_add]

theorem le_one (x : MyNat) (h : x ≤ 1) : x = 0 ∨ x = 1 := by
  cases x with
  | zero =>
    left
    rfl
  | succ x =>
    right
    rw [one_eq_succ_zero] at h
    rw [le_zero x (succ_le_succ x 0 h), one_eq_succ_zero]

theorem le_two (x : MyNat) (h : x ≤ 2) : x = 0 ∨ x = 1 ∨ x = 2 := by
  cases x with
  | zero =>
    left
    rfl
  | succ x =>
    right
    rw [two_eq_succ_one] at h
    cases le_one x (succ_le_succ x 1 h) with
    | inl g =>
      left
      rw [g, one_eq_succ_zero]
    | inr g =>
      right
      rw [g, two_eq_succ_one]

theorem add_le_add_right (x y z : MyNat) (h : x ≤ y) : x + z ≤ y + z := by
  obtain ⟨a, ha⟩ := h
  exists a
  rw [ha, add_right_comm]

theorem le_of_add_le_add_right (x y z : MyNat) (h : x + z ≤ y + z) : x ≤ y := by
  obtain ⟨a, ha⟩ := h
  exists a
  rw [add_right_comm] at ha
  exact add_right_cancel y (x + a) z ha

end LessOrEqual

section AdvancedMultiplication

theorem mul_le_mul_right (a b t : MyNat) (h : a ≤ b) : a * t ≤ b * t := by
  obtain ⟨d, hd⟩ := h
  exists d * t
  rw [hd, add_mul]

theorem mul_left_ne_zero (a b : MyNat) (h : a * b ≠ 0) : b ≠ 0 := by
  intro hb
  apply h
  rw [hb, mul_zero]

theorem eq_succ_of_ne_zero (a : MyNat) (h : a ≠ 0) : ∃ n, a = succ n := by
  cases a with
  | zero =>
    exfalso
    apply h
    rfl
  | succ n =>
    exists n

theorem one_le_of_ne_zero (a : MyNat) (h : a ≠ 0) : 1 ≤ a := by
  obtain ⟨n, hn⟩ := eq_succ_of_ne_zero a h
  exists n
  rw [hn, succ_eq_add_one, add_comm]

theorem le_mul_right (a b : MyNat) (h : a * b ≠ 0) : a ≤ a * b := by
  have hb := one_le_of_ne_zero b (mul_left_ne_zero a b h)
  have g := mul_le_mul_right 1 b a hb
  rw [one_mul, mul_comm b a] at g
  exact g

theorem mul_right_eq_one (x y : MyNat) (h : x * y = 1) : x = 1 := by
  have h2 : x * y ≠ 0 := by
    rw [h]
    exact one_ne_zero
  have h3 := le_mul_right x y h2
  rw [h] at h3
  cases le_one x h3 with
  | inl h0 =>
    rw [h0, zero_mul] at h
    exfalso
    exact zero_ne_one h
  | inr h1 => exact h1

theorem mul_ne_zero (a b : MyNat) (ha : a ≠ 0) (hb : b ≠ 0) : a * b ≠ 0 := by
  obtain ⟨c, hc⟩ := eq_succ_of_ne_zero a ha
  obtain ⟨d, hd⟩ := eq_succ_of_ne_zero b hb
  rw [hc, hd, mul_succ, add_succ]
  exact succ_ne_zero (succ c * d + c)

theorem mul_eq_zero (a b : MyNat) (h : a * b = 0) : a = 0 ∨ b = 0 := by
  cases a with
  | zero =>
    left
    rfl
  | succ a =>
    right
    cases b with
    | zero => rfl
    | succ b =>
      rw [mul_succ, add_succ] at h
      contradiction

theorem mul_left_cancel (a b c : MyNat) (ha : a ≠ 0) (h : a * b = a * c) : b = c := by
  induction b generalizing c with
  | zero =>
    rw [mul_zero] at h
    cases mul_eq_zero a c h.symm with
    | inl g =>
      exfalso
      exact ha g
    | inr g =>
      rw [g]
  | succ d ih =>
    cases c with
    | zero =>
      rw [mul_zero] at h
      cases mul_eq_zero a (succ d) h with
      | inl g =>
        exfalso
        exact ha g
      | inr g =>
        rw [g]
    | succ e =>
      rw [mul_succ, mul_succ] at h
      have g := ih e (add_right_cancel (a * d) (a * e) a h)
      rw [g]

theorem mul_right_eq_self (a b : MyNat) (ha : a ≠ 0) (h : a * b = a) : b = 1 := by
  apply mul_left_cancel a b 1 ha
  rw [mul_one]
  exact h

end AdvancedMultiplication

section LessThan

theorem lt_succ_self (x : MyNat) : x < succ x := by
  exact le_refl (succ x)

theorem not_lt_zero (x : MyNat) : ¬ x < 0 := by
  intro h
  have g := le_zero (succ x) h
  contradiction

theorem lt_irrefl (x : MyNat) : ¬ x < x := by
  induction x with
  | zero => exact not_lt_zero 0
  | succ x ih =>
    intro h
    apply ih
    exact succ_le_succ (succ x) x h

theorem lt_of_le_ne (x y : MyNat) (h : x ≤ y) (g : x ≠ y) : x < y := by
  obtain ⟨c, hc⟩ := h
  cases c with
  | zero =>
    exfalso
    apply g
    rw [hc, add_zero]
  | succ c =>
    exists c
    rw [hc, add_succ, succ_add]

end LessThan

end MyNat
