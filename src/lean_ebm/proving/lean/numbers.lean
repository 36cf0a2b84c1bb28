/-
The world of numbers: a type `MyNat` with + * ^ ≤ <, and what the tactics need beyond the prelude to work in it.

The type is the project's own. For Lean's `Nat`, arithmetic of literals is built into unification and into the kernel,
so that `rw` and `rfl` do more there than rewriting. The rest is what `prelude.lean` leaves out: classes and notations
of arithmetic and the tactic `simp`, under the names that Lean's library has for them. As there, what is marked `extern`
is a compiled program of Lean.
-/
prelude
import Judge
set_option autoImplicit false
set_option genCtorIdx false
set_option genInjectivity false
set_option genSizeOf false
set_option linter.all false
set_option compiler.extract_closed false
universe u v w

-- Classes.
class HAdd (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hAdd : α → β → γ
class HMul (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hMul : α → β → γ
class HPow (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hPow : α → β → γ
class Add (α : Type u) where
  add : α → α → α
class Mul (α : Type u) where
  mul : α → α → α
class Pow (α : Type u) (β : Type v) where
  pow : α → β → α
class LE (α : Type u) where
  le : α → α → Prop
class LT (α : Type u) where
  lt : α → α → Prop
@[reducible] def GE.ge {α : Type u} [LE α] (a b : α) : Prop := LE.le b a
@[reducible] def GT.gt {α : Type u} [LT α] (a b : α) : Prop := LT.lt b a
@[default_instance, reducible] instance instHAdd {α : Type u} [Add α] : HAdd α α α := ⟨Add.add⟩
@[default_instance, reducible] instance instHMul {α : Type u} [Mul α] : HMul α α α := ⟨Mul.mul⟩
@[reducible] instance instHPow {α : Type u} {β : Type v} [Pow α β] : HPow α β α := ⟨Pow.pow⟩
abbrev DecidableEq (α : Sort u) := (a b : α) → Decidable (a = b)
abbrev DecidableLE (α : Type u) [LE α] := (a b : α) → Decidable (LE.le a b)
abbrev DecidableLT (α : Type u) [LT α] := (a b : α) → Decidable (LT.lt a b)

open Lean PrettyPrinter

-- Notations.
@[term_parser 1000, extern "lean"] def «term_+_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_*_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_^_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_≤_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_<=_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_<_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_≥_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_>=_» : TrailingParserDescr := compiled
@[term_parser 1000, extern "lean"] def «term_>_» : TrailingParserDescr := compiled
@[macro «term_+_», extern "lean"] def «_aux_Init_Notation___macroRules_term_+__1» : Macro := expand
@[macro «term_+_», extern "lean"] def «_aux_Init_Notation___macroRules_term_+__2» : Macro := expand
@[macro «term_*_», extern "lean"] def «_aux_Init_Notation___macroRules_term_*__1» : Macro := expand
@[macro «term_*_», extern "lean"] def «_aux_Init_Notation___macroRules_term_*__2» : Macro := expand
@[macro «term_^_», extern "lean"] def «_aux_Init_Notation___macroRules_term_^__1» : Macro := expand
@[macro «term_^_», extern "lean"] def «_aux_Init_Notation___macroRules_term_^__2» : Macro := expand
@[macro «term_≤_», extern "lean"] def «_aux_Init_Notation___macroRules_term_≤__1» : Macro := expand
@[macro «term_≤_», extern "lean"] def «_aux_Init_Notation___macroRules_term_≤__2» : Macro := expand
@[macro «term_<=_», extern "lean"] def «_aux_Init_Notation___macroRules_term_<=__1» : Macro := expand
@[macro «term_<=_», extern "lean"] def «_aux_Init_Notation___macroRules_term_<=__2» : Macro := expand
@[macro «term_<_», extern "lean"] def «_aux_Init_Notation___macroRules_term_<__1» : Macro := expand
@[macro «term_<_», extern "lean"] def «_aux_Init_Notation___macroRules_term_<__2» : Macro := expand
@[macro «term_≥_», extern "lean"] def «_aux_Init_Notation___macroRules_term_≥__1» : Macro := expand
@[macro «term_≥_», extern "lean"] def «_aux_Init_Notation___macroRules_term_≥__2» : Macro := expand
@[macro «term_>=_», extern "lean"] def «_aux_Init_Notation___macroRules_term_>=__1» : Macro := expand
@[macro «term_>=_», extern "lean"] def «_aux_Init_Notation___macroRules_term_>=__2» : Macro := expand
@[macro «term_>_», extern "lean"] def «_aux_Init_Notation___macroRules_term_>__1» : Macro := expand
@[macro «term_>_», extern "lean"] def «_aux_Init_Notation___macroRules_term_>__2» : Macro := expand
@[app_unexpander HAdd.hAdd, extern "lean"] def _aux_Init_Notation___unexpand_HAdd_hAdd_1 : Unexpander := unexpand
@[app_unexpander HMul.hMul, extern "lean"] def _aux_Init_Notation___unexpand_HMul_hMul_1 : Unexpander := unexpand
@[app_unexpander HPow.hPow, extern "lean"] def _aux_Init_Notation___unexpand_HPow_hPow_1 : Unexpander := unexpand
@[app_unexpander LE.le, extern "lean"] def _aux_Init_Notation___unexpand_LE_le_2 : Unexpander := unexpand
@[app_unexpander LT.lt, extern "lean"] def _aux_Init_Notation___unexpand_LT_lt_1 : Unexpander := unexpand
@[app_unexpander GE.ge, extern "lean"] def _aux_Init_Notation___unexpand_GE_ge_2 : Unexpander := unexpand
@[app_unexpander GT.gt, extern "lean"] def _aux_Init_Notation___unexpand_GT_gt_1 : Unexpander := unexpand

-- The tactic `simp`, and the lemmas that it uses of its own accord.
namespace Lean.Parser.Tactic
@[extern "lean"] def simpPre : ParserDescr := compiled
@[extern "lean"] def simpPost : ParserDescr := compiled
@[extern "lean"] def simpLemma : ParserDescr := compiled
@[extern "lean"] def simpErase : ParserDescr := compiled
@[extern "lean"] def simpStar : ParserDescr := compiled
@[extern "lean"] def simpArgs : ParserDescr := compiled
@[extern "lean"] def dsimpArgs : ParserDescr := compiled
@[extern "lean"] def discharger : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def simp : ParserDescr := compiled
@[extern "lean"] def simpaArgsRest : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def dsimp : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def simpa : ParserDescr := compiled
@[tactic_parser 1000, extern "lean"] def simpAll : ParserDescr := compiled
-- `use a, b` of Mathlib, as another spelling of `exists a, b`.
@[tactic_parser 1000] def useExists : ParserDescr :=
  .node (.mkStr4 "Lean" "Parser" "Tactic" "tacticExists_,,") 1022 (.binary (.mkStr1 "andthen")
    (.nonReservedSymbol "use " Bool.false) (.sepBy1 (.cat (.mkStr1 "term") 0) "," (.symbol ", ") Bool.false))
end Lean.Parser.Tactic
@[simp] theorem eq_self {α : Sort u} (a : α) : (a = a) = True := eq_true rfl
@[simp] theorem iff_self (p : Prop) : (p ↔ p) = True := eq_true Iff.rfl
theorem eq_false' {p : Prop} (h : p → False) : p = False := eq_false h
@[simp] theorem implies_true (α : Sort u) : (α → True) = True := eq_true fun _ => trivial
@[simp] theorem and_true (p : Prop) : (p ∧ True) = p := propext ⟨fun h => h.1, fun h => ⟨h, trivial⟩⟩
@[simp] theorem true_and (p : Prop) : (True ∧ p) = p := propext ⟨fun h => h.2, fun h => ⟨trivial, h⟩⟩
@[simp] theorem and_self (p : Prop) : (p ∧ p) = p := propext ⟨fun h => h.1, fun h => ⟨h, h⟩⟩
@[simp] theorem or_self (p : Prop) : (p ∨ p) = p := propext ⟨fun h => h.elim id id, .inl⟩
@[simp] theorem or_true (p : Prop) : (p ∨ True) = True := eq_true (.inr trivial)
@[simp] theorem true_or (p : Prop) : (True ∨ p) = True := eq_true (.inl trivial)
@[simp] theorem ne_eq {α : Sort u} (a b : α) : (a ≠ b) = ¬a = b := rfl
@[simp] theorem not_false_eq_true : (¬False) = True := eq_true not_false
@[simp] theorem not_true_eq_false : (¬True) = False := eq_false fun h => h trivial
theorem congrFun' {α : Sort u} {β : Sort v} {f g : α → β} (h : f = g) (a : α) : f a = g a := congrFun h a

-- Settings of `rw (occs := ...) [h]`.
inductive List (α : Type u) where
  | nil
  | cons (head : α) (tail : List α)
@[term_parser 1000, extern "lean"] def «term[_]» : ParserDescr := compiled
@[macro «term[_]», extern "lean"] def «Lean._aux_Init_Data_List_Notation___macroRules_term[_]_1» : Macro := expand
namespace Lean.Meta
inductive Occurrences where
  | all
  | pos (idxs : List Nat)
  | neg (idxs : List Nat)
inductive TransparencyMode where
  | all | default | reducible | instances | none
inductive ApplyNewGoals where
  | nonDependentFirst | nonDependentOnly | all
structure Rewrite.Config where
  transparency : TransparencyMode := .instances
  offsetCnstrs : Bool := .true
  occs : Occurrences := .all
  newGoals : ApplyNewGoals := .nonDependentFirst
end Lean.Meta

-- Unification asks for these by name wherever it meets a sum, of whatever type.
noncomputable def Nat.add (n m : Nat) : Nat := m.rec (motive := fun _ => Nat) n fun _ => Nat.succ
@[reducible] noncomputable instance instAddNat : Add Nat := ⟨Nat.add⟩

-- The numbers. Each function is the recursion on its second argument, so that its equations hold by `rfl`.
inductive MyNat : Type where
  | zero
  | succ (n : MyNat)
namespace MyNat
noncomputable def ofNat (n : Nat) : MyNat := n.rec (motive := fun _ => MyNat) zero fun _ => succ
@[default_instance 200, reducible] noncomputable instance instOfNat (n : Nat) : OfNat MyNat n := ⟨ofNat n⟩
@[elab_as_elim, induction_eliminator] noncomputable def recAux {motive : MyNat → Sort u} (zero : motive 0)
    (succ : ∀ n, motive n → motive (succ n)) (t : MyNat) : motive t := MyNat.rec zero succ t
@[elab_as_elim, cases_eliminator] noncomputable def casesAuxOn {motive : MyNat → Sort u} (t : MyNat)
    (zero : motive 0) (succ : ∀ n, motive (succ n)) : motive t := MyNat.rec zero (fun n _ => succ n) t
protected noncomputable def add (n m : MyNat) : MyNat := m.rec (motive := fun _ => MyNat) n fun _ => succ
@[reducible] noncomputable instance instAdd : Add MyNat := ⟨MyNat.add⟩
protected noncomputable def mul (n m : MyNat) : MyNat := m.rec (motive := fun _ => MyNat) 0 fun _ ih => MyNat.add ih n
@[reducible] noncomputable instance instMul : Mul MyNat := ⟨MyNat.mul⟩
protected noncomputable def pow (n m : MyNat) : MyNat := m.rec (motive := fun _ => MyNat) 1 fun _ ih => MyNat.mul ih n
@[reducible] noncomputable instance instPow : Pow MyNat MyNat := ⟨MyNat.pow⟩
@[reducible] instance instLE : LE MyNat := ⟨fun a b => ∃ c, b = a + c⟩
@[reducible] instance instLT : LT MyNat := ⟨fun a b => succ a ≤ b⟩

-- What `injection`, `contradiction` and `cases` use to tell numbers apart.
noncomputable def pred (n : MyNat) : MyNat := n.rec (motive := fun _ => MyNat) 0 fun n _ => n
theorem succ.inj {n m : MyNat} (h : succ n = succ m) : n = m := congrArg pred h
noncomputable def ctorIdx (n : MyNat) : Nat := n.rec (motive := fun _ => Nat) 0 fun _ _ => 1
end MyNat
noncomputable def Nat.beq (n : Nat) : Nat → Bool :=
  n.rec (motive := fun _ => Nat → Bool)
    (fun m => m.rec (motive := fun _ => Bool) true fun _ _ => false)
    fun _ ih m => m.rec (motive := fun _ => Bool) false fun m _ => ih m
theorem Nat.beq_refl (n : Nat) : Nat.beq n n = true := n.rec (motive := fun n => Nat.beq n n = true) rfl fun _ ih => ih
theorem noConfusion_of_Nat {α : Sort u} (f : α → Nat) {a b : α} (h : a = b) :
    (Nat.beq (f a) (f b)).rec (motive := fun _ => Prop) False True :=
  h.rec (motive := fun b _ => (Nat.beq (f a) (f b)).rec (motive := fun _ => Prop) False True)
    (@Eq.rec Bool true (fun b _ => b.rec (motive := fun _ => Prop) False True) trivial _ (Nat.beq_refl (f a)).symm)

-- What `decide` computes with.
namespace MyNat
private theorem ne_zero (n : MyNat) (h : succ n = 0) : False := noConfusion_of_Nat ctorIdx h
noncomputable def decEq (n m : MyNat) : Decidable (n = m) :=
  n.rec (motive := fun n => (m : MyNat) → Decidable (n = m))
    (fun m => m.rec (motive := fun m => Decidable (0 = m)) (isTrue rfl) fun m _ => isFalse fun h => ne_zero m h.symm)
    (fun n ih m => m.rec (motive := fun m => Decidable (succ n = m)) (isFalse (ne_zero n))
      fun m _ => (ih m).casesOn (fun h => isFalse fun e => h (succ.inj e)) fun h => isTrue (congrArg succ h)) m
@[reducible] noncomputable instance instDecidableEq : DecidableEq MyNat := decEq
private theorem zero_add' (n : MyNat) : 0 + n = n :=
  n.rec (motive := fun n => 0 + n = n) rfl fun _ ih => congrArg succ ih
private theorem succ_add' (n m : MyNat) : succ n + m = succ (n + m) :=
  m.rec (motive := fun m => succ n + m = succ (n + m)) rfl fun _ ih => congrArg succ ih
noncomputable def decLE (n m : MyNat) : Decidable (n ≤ m) :=
  n.rec (motive := fun n => (m : MyNat) → Decidable (n ≤ m))
    (fun m => isTrue ⟨m, (zero_add' m).symm⟩)
    (fun n ih m => m.rec (motive := fun m => Decidable (succ n ≤ m))
      (isFalse fun ⟨c, h⟩ => ne_zero (n + c) (h.trans (succ_add' n c)).symm)
      fun m _ => (ih m).casesOn
        (fun h => isFalse fun ⟨c, e⟩ => h ⟨c, succ.inj (e.trans (succ_add' n c))⟩)
        fun h => isTrue (h.elim fun c e => ⟨c, (congrArg succ e).trans (succ_add' n c).symm⟩)) m
@[reducible] noncomputable instance instDecidableLE : DecidableLE MyNat := decLE
@[reducible] noncomputable instance instDecidableLT : DecidableLT MyNat := fun n m => decLE (succ n) m
end MyNat
